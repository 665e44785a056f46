import type { TreeChange } from '../delta/change.js'
import type { Delta, TreeId } from '../delta/operation.js'
import { orderOperations } from '../delta/order.js'
import type { Shadow } from '../snapshot/shadow.js'
import { treeChanges, treeOfFiles } from '../snapshot/trees.js'
import { listTree, type TreeFile } from '../support/git-objects.js'
import type { Receiver } from './receiver.js'

/** What changed between two snapshots. */
export async function deltaOf(shadow: Shadow, base: TreeId, target: TreeId): Promise<Delta> {
  return { base, target, operations: orderOperations(await treeChanges(shadow.repository, base, target)) }
}

/** Everything, whatever differs: for a receiver that is known to hold `held`. */
export async function fullDelta(shadow: Shadow, held: TreeId, target: TreeId): Promise<Delta> {
  const gone = await goneFiles(shadow, held, target)
  return {
    base: held,
    target,
    operations: orderOperations([...gone.map(removal), ...(await additions(shadow, target))]),
  }
}

/**
 * Everything, for a receiver of which it is not known what it holds: a deletion for every path of `known` that is not
 * in the target, then every file. The delta begins at just what it deletes, so that after each of its bundles the
 * snapshot that is confirmed has nothing that was not sent; where it is broken off, the rest is still a difference.
 */
export async function resyncDelta(shadow: Shadow, known: TreeId, target: TreeId): Promise<Delta> {
  const gone = await goneFiles(shadow, known, target)
  const base = await treeOfFiles(shadow, gone)
  return { base, target, operations: orderOperations([...gone.map(removal), ...(await additions(shadow, target))]) }
}

async function goneFiles(shadow: Shadow, known: TreeId, target: TreeId): Promise<TreeFile[]> {
  const kept = new Set((await listTree(shadow.repository, target)).map(({ path }) => path))
  return (await listTree(shadow.repository, known)).filter(({ path }) => !kept.has(path))
}

async function additions(shadow: Shadow, target: TreeId): Promise<TreeChange[]> {
  return (await listTree(shadow.repository, target)).map(({ path, blob }) => ({ kind: 'added', path, blob }))
}

function removal({ path }: TreeFile): TreeChange {
  return { kind: 'removed', path }
}

/** What a receiver lists, as a tree here; the contents need not be here. */
export async function listedTree(shadow: Shadow, receiver: Receiver, signal: AbortSignal): Promise<TreeId> {
  return await treeOfFiles(shadow, await receiver.listTree(signal))
}
