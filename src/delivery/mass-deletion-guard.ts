import { isFewDeletions, isMassDeletion } from '../delta/mass-deletion.js'
import type { TreeId } from '../delta/operation.js'
import type { Shadow } from '../snapshot/shadow.js'
import { treeChanges } from '../snapshot/trees.js'
import { DeltaError } from '../support/errors.js'
import { EMPTY_TREE } from '../support/git.js'
import { listTree } from '../support/git-objects.js'
import type { SynchroniseJob } from './job.js'

/**
 * Throws `guard-stopped` where what the receiver holds would mostly be deleted (faults.md row 31). Where it was lost what
 * that is, the receiver is asked, and its answer is looked at in turn.
 */
export async function guardAgainstMassDeletion(job: SynchroniseJob, held: TreeId): Promise<void> {
  const { shadow, target, options } = job
  if (options.allowMassDelete || held === EMPTY_TREE || held === target) return
  const deleted = await countDeleted(shadow, held, target)
  const isEmptied = target === EMPTY_TREE
  if (deleted === 0 || (isFewDeletions(deleted) && !isEmptied)) return
  const before = (await listTree(shadow.repository, held)).length
  if (!isMassDeletion({ before, deleted, isEmptied })) return
  throw new DeltaError('guard-stopped', `This push would delete ${deleted} of ${before} files at the receiver.`, {
    facts: { deleted, files: before },
    next: 'If that is what you want: ce-delta push --allow-mass-delete. What it would do: ce-delta push --dry-run',
  })
}

async function countDeleted(shadow: Shadow, held: TreeId, target: TreeId): Promise<number> {
  try {
    return (await treeChanges(shadow.repository, held, target)).filter(({ kind }) => kind === 'removed').length
  } catch (thrown) {
    if (thrown instanceof DeltaError && thrown.code === 'objects-missing') return 0
    throw thrown
  }
}
