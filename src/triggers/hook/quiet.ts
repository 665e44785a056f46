import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** What lies in the git folder of a worktree while git is in the middle of something. */
const IN_PROGRESS = [
  'rebase-merge',
  'rebase-apply',
  'sequencer',
  'CHERRY_PICK_HEAD',
  'REVERT_HEAD',
  'MERGE_HEAD',
  'BISECT_LOG',
  'index.lock',
] as const

const STEP = 50

/**
 * Waits until git is in the middle of nothing, at most this long. A rebase that runs through is waited for, so it is one
 * delta; one that stopped for the user is not: when it ends, another hook comes.
 */
export async function waitForQuiet(gitDirectory: string, milliseconds: number, signal: AbortSignal): Promise<boolean> {
  const deadline = performance.now() + milliseconds
  while (IN_PROGRESS.some((name) => existsSync(join(gitDirectory, name)))) {
    if (performance.now() >= deadline || signal.aborted) return false
    await sleep(STEP)
  }
  return true
}
