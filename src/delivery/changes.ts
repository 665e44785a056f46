import type { Delta, TreeId } from '../delta/operation.js'
import { DeltaError } from '../support/errors.js'
import { EMPTY_TREE } from '../support/git.js'
import type { SynchroniseJob } from './job.js'
import { type Ledger, LOST_RECORD } from './ledger.js'
import { guardAgainstMassDeletion } from './mass-deletion-guard.js'
import { deltaOf, fullDelta, listedTree, resyncDelta } from './prepare.js'
import { withRetry } from './retry.js'

/** The changes that lead to the target since a snapshot; null where that was lost, so that only the receiver can tell. */
export async function changesSince(job: SynchroniseJob, base: TreeId): Promise<Delta | null> {
  return await ifKnown(job, base, () => deltaOf(job.shadow, base, job.target))
}

/** The changes since what the receiver lists, for one that can. */
export async function changesSinceListing(job: SynchroniseJob): Promise<Delta> {
  return await deltaOf(job.shadow, await listed(job), job.target)
}

/** Everything, and the deletion of what the receiver lists besides. */
export async function everythingOverListing(job: SynchroniseJob): Promise<Delta> {
  return await fullDelta(job.shadow, await listed(job), job.target)
}

/**
 * Everything, for a receiver that cannot list what it has: with the deletion of every path that it may have got, or, where
 * the user says what it holds (`saidBase`), the changes since that.
 */
export async function everythingBlindly(
  job: SynchroniseJob,
  ledger: Ledger,
  saidBase: TreeId | null,
): Promise<{ readonly delta: Delta; readonly isResync: boolean }> {
  const { shadow, target, outbox } = job
  const said = saidBase === null ? null : await changesSince(job, saidBase)
  if (said !== null) return { delta: said, isResync: false }
  const { tree, commit } = ledger.confirmed ?? { tree: EMPTY_TREE, commit: null }
  const entries = await outbox.list()
  const sent = entries.filter(({ attemptedAt }) => attemptedAt !== null).map(({ target: reached }) => reached)
  const delta = await ifKnown(job, tree, () => resyncDelta(shadow, commit, target, sent))
  return { delta: delta ?? (await resyncDelta(shadow, null, target)), isResync: true }
}

async function listed(job: SynchroniseJob): Promise<TreeId> {
  const { shadow, receiver, context } = job
  const ask = async (): Promise<TreeId> => await listedTree(shadow, receiver, context.signal)
  const tree = await withRetry(context.policy, context, ask)
  await guardAgainstMassDeletion(job, tree)
  return tree
}

async function ifKnown(job: SynchroniseJob, base: TreeId, make: () => Promise<Delta>): Promise<Delta | null> {
  const { shadow, target, context } = job
  try {
    return await make()
  } catch (thrown) {
    const isLost = thrown instanceof DeltaError && thrown.code === 'objects-missing' && base !== EMPTY_TREE
    if (!isLost) throw thrown
    // Where it is the new snapshot that was lost, this fails again, and everything is read anew.
    await deltaOf(shadow, EMPTY_TREE, target)
    context.onNotice(LOST_RECORD)
    return null
  }
}
