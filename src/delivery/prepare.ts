import type { TreeChange } from '../delta/change.js'
import type { Delta, TreeId } from '../delta/operation.js'
import { orderOperations } from '../delta/order.js'
import type { Shadow } from '../snapshot/shadow.js'
import { treeChanges, treeOfFiles } from '../snapshot/trees.js'
import { runGit } from '../support/git.js'
import { listTree, type TreeFile } from '../support/git-objects.js'
import { parentsOf } from '../support/paths.js'
import { splitNul } from '../support/text.js'
import type { Dialect } from './dialects/dialect.js'
import { type OldFolders, oldFoldersOf } from './dialects/folders-aside.js'
import type { Receiver } from './receiver.js'

/** What changed between two snapshots. */
export async function deltaOf(shadow: Shadow, base: TreeId, target: TreeId): Promise<Delta> {
  return { base, target, operations: orderOperations(await treeChanges(shadow.repository, base, target)) }
}

/** Everything, whatever differs: for a receiver that is known to hold `held`. */
export async function fullDelta(shadow: Shadow, held: TreeId, target: TreeId): Promise<Delta> {
  return await everything(shadow, await listTree(shadow.repository, held), held, target)
}

/**
 * Everything, for a receiver of which it is not known what it holds: a deletion for every path that was ever confirmed, or
 * was sent without a confirmation, and is not in the target, then every file (faults.md row 81). The delta begins at just
 * what it deletes, so that what is confirmed after each of its bundles has nothing that was not sent; broken off, the rest
 * is still a difference.
 */
export async function resyncDelta(
  shadow: Shadow,
  confirmedCommit: string | null,
  target: TreeId,
  sent: readonly TreeId[] = [],
): Promise<Delta> {
  const known = new Map<string, TreeFile>()
  const confirmed = confirmedCommit === null ? [] : await everConfirmed(shadow, confirmedCommit)
  for (const file of confirmed) known.set(file.path, file)
  for (const tree of new Set(sent)) {
    for (const file of await listTree(shadow.repository, tree)) known.set(file.path, file)
  }
  return await everything(shadow, [...known.values()], null, target)
}

async function everything(
  shadow: Shadow,
  known: readonly TreeFile[],
  held: TreeId | null,
  target: TreeId,
): Promise<Delta> {
  const files = await listTree(shadow.repository, target)
  const kept = new Set(files.map(({ path }) => path))
  const gone = known.filter(({ path }) => !kept.has(path))
  const changes: TreeChange[] = [
    ...gone.map(({ path }) => ({ kind: 'removed', path }) as const),
    ...files.map(({ path, blob }) => ({ kind: 'created', path, blob }) as const),
  ]
  return { base: held ?? (await treeOfGone(shadow, gone)), target, operations: orderOperations(changes) }
}

/** One tree cannot have a path as a file and as a folder; which of them was there last does not matter. */
async function treeOfGone(shadow: Shadow, gone: readonly TreeFile[]): Promise<TreeId> {
  const folders = new Set(gone.flatMap(({ path }) => parentsOf(path)))
  return await treeOfFiles(
    shadow,
    gone.filter(({ path }) => !folders.has(path)),
  )
}

/** Folders that may stand at a receiver that never removes one. */
export async function oldFolders(
  shadow: Shadow,
  { emptyFolders }: Dialect,
  confirmedCommit: string | null,
): Promise<OldFolders> {
  const isNeeded = emptyFolders !== 'removed' && confirmedCommit !== null
  const ever = isNeeded ? await everConfirmed(shadow, confirmedCommit) : []
  return oldFoldersOf(ever.map(({ path }) => path))
}

/** Every path that a confirmed snapshot ever had, the latest first, from the history of the confirmed reference. */
async function everConfirmed(shadow: Shadow, commit: string): Promise<TreeFile[]> {
  const additions = [
    'log',
    '--format=',
    '--raw',
    '--no-abbrev',
    '-z',
    '--no-renames',
    '--diff-filter=A',
    '--root',
    commit,
  ]
  const fields = splitNul(await runGit(shadow.repository, additions)).filter((field) => field.length > 0)
  const files = new Map<string, TreeFile>()
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const blob = fields[at]?.toString('latin1').split(' ')[3] ?? ''
    const path = fields[at + 1]?.toString('utf8') ?? ''
    if (!files.has(path)) files.set(path, { path, blob })
  }
  return [...files.values()]
}

/** What a receiver lists, as a tree here; the contents need not be here. */
export async function listedTree(shadow: Shadow, receiver: Receiver, signal: AbortSignal): Promise<TreeId> {
  return await treeOfFiles(shadow, await receiver.listTree(signal))
}
