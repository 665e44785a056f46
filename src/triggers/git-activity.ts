import { existsSync } from 'node:fs'
import { join } from 'node:path'

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

/** Whether git is switching branches, rebasing, or in the middle of anything else in this worktree (faults.md row 58). */
export function isGitBusy(gitDirectory: string): boolean {
  return IN_PROGRESS.some((name) => existsSync(join(gitDirectory, name)))
}
