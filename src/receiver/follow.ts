import { rm, writeFile } from 'node:fs/promises'
import { bootMark, isThisBoot } from '../support/boot.js'
import { readTextIfPresent } from '../support/durable-files.js'
import { isObjectId } from '../support/git.js'
import { underLock } from './alone.js'
import { advanceMirror, clearInterruptedMirror, isMirrorMissing, repairMirror } from './mirror.js'
import type { Place } from './place.js'
import { readApplied } from './record.js'
import { type ChangedFile, treeDifference } from './tree-difference.js'

/** Two commits that follow one another, null before the first; and the files that differ, null where that has to be asked. */
export interface Step {
  readonly from: string | null
  readonly to: string
  readonly difference: readonly ChangedFile[] | null
}

/**
 * Brings the mirror to what was applied last. It is written under a lock of its own, so that the next bundle can be
 * applied meanwhile. Where the mirror stands at the beginning of `step`, that is gone and nothing has to be asked.
 */
export async function follow(place: Place, step?: Step): Promise<void> {
  await underLock(place.mirrorLock, async () => {
    const held = await exactCommit(place)
    const isStep = held !== null && held === step?.from
    const wanted = isStep ? step.to : (await readApplied(place.repository))?.commit
    if (wanted === undefined || wanted === held) return
    const known = isStep ? step.difference : null
    await change(place, wanted, async () => {
      if (held === null) await repairMirror(place.mirror, wanted)
      else await advanceMirror(place.mirror, known ?? (await treeDifference(place.repository, held, wanted)))
    })
  })
}

/** Makes the mirror exact, whatever is there; see {@link repairMirror}. */
export async function repair(place: Place): Promise<void> {
  await underLock(place.mirrorLock, async () => {
    const applied = await readApplied(place.repository)
    if (applied === null) return
    await change(place, applied.commit, () => repairMirror(place.mirror, applied.commit))
  })
}

/**
 * The commit that the mirror holds exactly, or null where that is in doubt: a process was killed while it changed it,
 * it is gone, or the machine was started again. Files are not forced to the disk one by one, which would take minutes
 * for a large tree, so what a power loss takes away is found by comparing them once after each start of the machine.
 */
export async function exactCommit(place: Place): Promise<string | null> {
  const [commit, boot] = ((await readTextIfPresent(place.mirrorNote)) ?? '').split('\n')
  const isExact = isObjectId(commit) && isThisBoot(boot ?? '') && !isMirrorMissing(place.mirror)
  return isExact ? commit : null
}

/** The note goes before the first file changes and comes back after the last, so a kill between them leaves none. */
async function change(place: Place, commit: string, work: () => Promise<void>): Promise<void> {
  await rm(place.mirrorNote, { force: true })
  await clearInterruptedMirror(place.mirror)
  await work()
  await writeFile(place.mirrorNote, `${commit}\n${bootMark()}\n`)
}
