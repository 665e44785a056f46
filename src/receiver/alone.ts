import { rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { bootMark, isThisBoot } from '../support/boot.js'
import { makePrivateDirectory, readTextIfPresent } from '../support/durable-files.js'
import { DeltaError } from '../support/errors.js'
import { runGit } from '../support/git.js'
import { takeLock } from '../support/lock.js'
import { isMirrorMissing, repairMirror } from './mirror.js'
import { type Place, preparePlace } from './place.js'
import { MIRROR_REFERENCE, type ReceiverReferences, readReferences } from './record.js'

/** One at a time for each workspace, in this process and among processes; what a killed one left is mended first. */
export async function alone<Result>(
  place: Place,
  work: (references: ReceiverReferences) => Promise<Result>,
): Promise<Result> {
  await makePrivateDirectory(dirname(place.lock))
  const lock = await takeLock(place.lock, { milliseconds: 60_000, busy: busyError })
  try {
    await preparePlace(place)
    const references = await readReferences(place.repository)
    if (await isMirrorDoubtful(place, references)) await repair(place, references)
    return await workOrForget(place, references, work)
  } finally {
    await lock.release()
  }
}

/** A workspace whose first bundle is refused leaves nothing behind (faults.md I12). */
async function workOrForget<Result>(
  place: Place,
  references: ReceiverReferences,
  work: (references: ReceiverReferences) => Promise<Result>,
): Promise<Result> {
  try {
    return await work(references)
  } catch (thrown) {
    const isEmpty = references.applied === null && (await readReferences(place.repository)).applied === null
    if (isEmpty) await rm(place.directory, { recursive: true, force: true })
    throw thrown
  }
}

/** Makes the mirror what the repository says that it is, and records that it is. */
export async function repair(place: Place, { applied }: ReceiverReferences): Promise<void> {
  if (applied === null) return
  await repairMirror(place.mirror, applied.commit)
  await recordMirror(place, applied.commit)
}

/**
 * Whether the mirror may not be what was applied. Its files are not forced to the disk one by one, which would take
 * minutes for a large tree: what a power loss takes away is found by comparing them once after each start of the machine.
 */
export async function isMirrorDoubtful(place: Place, { applied, mirrored }: ReceiverReferences): Promise<boolean> {
  if (applied === null) return false
  if (applied.commit !== mirrored || isMirrorMissing(place.mirror)) return true
  return !isThisBoot((await readTextIfPresent(bootFile(place))) ?? '')
}

/** The mirror is exact, and was looked at since the machine started. */
export async function recordMirror(place: Place, commit: string): Promise<void> {
  await runGit(place.repository, ['update-ref', MIRROR_REFERENCE, commit])
  if (!isThisBoot((await readTextIfPresent(bootFile(place))) ?? '')) await writeFile(bootFile(place), bootMark())
}

function bootFile(place: Place): string {
  return join(place.directory, 'mirror-exact-since')
}

function busyError(holder: { readonly pid: number; readonly host: string; readonly since: string }): DeltaError {
  return new DeltaError('receiver-busy', `The workspace is being written to by process ${holder.pid}.`, {
    facts: { pid: holder.pid, host: holder.host, since: holder.since },
    next: 'Try again in a moment.',
  })
}
