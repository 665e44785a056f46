import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { makePrivateDirectory } from '../support/durable-files.js'
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
    const { applied, mirrored } = references
    if (applied !== null && (applied.commit !== mirrored || isMirrorMissing(place.mirror)))
      await repair(place, references)
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
  await runGit(place.repository, ['update-ref', MIRROR_REFERENCE, applied.commit])
}

function busyError(holder: { readonly pid: number; readonly host: string; readonly since: string }): DeltaError {
  return new DeltaError('receiver-busy', `The workspace is being written to by process ${holder.pid}.`, {
    facts: { pid: holder.pid, host: holder.host, since: holder.since },
    next: 'Try again in a moment.',
  })
}
