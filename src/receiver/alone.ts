import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { makePrivateDirectory } from '../support/durable-files.js'
import { DeltaError } from '../support/errors.js'
import { takeLock } from '../support/lock.js'
import type { LockHolder } from '../support/lock-holder.js'
import { type Place, preparePlace } from './place.js'
import { type AppliedState, readApplied } from './record.js'

/** One at a time for each workspace, in this process and among processes; what a killed one left is cleared first. */
export async function alone<Result>(
  place: Place,
  work: (applied: AppliedState | null) => Promise<Result>,
): Promise<Result> {
  return await underLock(place.lock, async () => {
    await preparePlace(place)
    return await workOrForget(place, await readApplied(place.repository), work)
  })
}

/** Waits for a lock, and works under it. Throws `receiver-busy` where that takes too long. */
export async function underLock<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  await makePrivateDirectory(dirname(path))
  const lock = await takeLock(path, { milliseconds: 60_000, busy: busyError })
  try {
    return await work()
  } finally {
    await lock.release()
  }
}

/** A workspace whose first bundle is refused leaves nothing behind (faults.md I12). */
async function workOrForget<Result>(
  place: Place,
  applied: AppliedState | null,
  work: (applied: AppliedState | null) => Promise<Result>,
): Promise<Result> {
  try {
    return await work(applied)
  } catch (thrown) {
    const isEmpty = applied === null && (await readApplied(place.repository)) === null
    if (isEmpty) await rm(place.directory, { recursive: true, force: true })
    throw thrown
  }
}

function busyError({ pid, host, since }: LockHolder): DeltaError {
  return new DeltaError('receiver-busy', `The workspace is being written to by process ${pid}.`, {
    facts: { pid, host, since },
    next: 'Try again in a moment.',
  })
}
