import type { Delta, TreeId } from '../delta/operation.js'
import { orderOperations } from '../delta/order.js'
import type { Shadow } from '../snapshot/shadow.js'
import { treeChanges, treeOfFiles } from '../snapshot/trees.js'
import { EMPTY_TREE } from '../support/git.js'
import { listTree } from '../support/git-objects.js'
import type { Receiver } from './receiver.js'

/** What changed between two snapshots. */
export async function deltaOf(shadow: Shadow, base: TreeId, target: TreeId): Promise<Delta> {
  return { base, target, operations: orderOperations(await treeChanges(shadow.repository, base, target)) }
}

/**
 * Everything, whatever the receiver has: a deletion for every known path that is not in the target, then every file.
 * Right for a receiver that holds any part of `known`.
 */
export async function fullDelta(shadow: Shadow, known: TreeId | null, target: TreeId): Promise<Delta> {
  const files = await listTree(shadow.repository, target)
  const changes = known === null ? [] : await treeChanges(shadow.repository, known, target)
  const gone = changes.flatMap((change) => {
    if (change.kind === 'removed') return [{ kind: 'removed', path: change.path } as const]
    return change.kind === 'renamed' ? [{ kind: 'removed', path: change.source } as const] : []
  })
  const all = files.map(({ path, blob }) => ({ kind: 'added', path, blob }) as const)
  return { base: known ?? EMPTY_TREE, target, operations: orderOperations([...gone, ...all]) }
}

/** What a receiver lists, as a tree here; the contents need not be here. */
export async function listedTree(shadow: Shadow, receiver: Receiver, signal: AbortSignal): Promise<TreeId> {
  return await treeOfFiles(shadow, await receiver.listTree(signal))
}
