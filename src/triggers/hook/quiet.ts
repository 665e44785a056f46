import { setTimeout as sleep } from 'node:timers/promises'
import { isGitBusy } from '../git-activity.js'

const STEP = 50

/**
 * Waits until git is in the middle of nothing, at most this long. A rebase that runs through is waited for, so it is one
 * delta; one that stopped for the user is not: when it ends, another hook comes.
 */
export async function waitForQuiet(gitDirectory: string, milliseconds: number, signal: AbortSignal): Promise<boolean> {
  const deadline = performance.now() + milliseconds
  while (isGitBusy(gitDirectory)) {
    if (performance.now() >= deadline || signal.aborted) return false
    await sleep(STEP)
  }
  return true
}
