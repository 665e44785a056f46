import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type TreeChange, TreeChangesReader } from '../delta/change.js'
import type { BlobId, Operation, TreeId } from '../delta/operation.js'
import { gitText, runGit, startGit } from '../support/git.js'
import type { TreeFile } from '../support/git-objects.js'
import type { Repository } from '../support/git-repository.js'
import { editTree, type TreeEdit } from './changed-tree.js'
import { type Shadow, withIndex } from './shadow.js'

/** What differs between two trees, exact renames paired. Never reads a blob, so a missing one does no harm. */
export async function treeChanges(
  repository: Repository,
  base: TreeId,
  target: TreeId,
): Promise<readonly TreeChange[]> {
  if (base === target) return []
  const last = lastDifferences.get(repository)
  if (last?.base === base && last.target === target) return last.changes
  const git = startGit(repository, ['diff-tree', '-r', '--raw', '--no-abbrev', '-z', '-M100%', base, target])
  git.stdin.end()
  const reader = new TreeChangesReader()
  for await (const chunk of git.stdout) reader.take(chunk)
  await git.finished
  const changes = reader.finish()
  if (changes.length <= MOST_KEPT) lastDifferences.set(repository, { base, target, changes })
  return changes
}

/** A large one is asked for again: kept, it would take as much memory as the operations that are made of it. */
const MOST_KEPT = 10_000

/** Trees never change, and several steps of a push ask for the same difference. */
const lastDifferences = new WeakMap<Repository, { base: TreeId; target: TreeId; changes: readonly TreeChange[] }>()

/** The tree with exactly these files. Blobs need not be here: it is how a receiver's listing becomes a base. */
export async function treeOfFiles(shadow: Shadow, files: Iterable<TreeFile>): Promise<TreeId> {
  const indexFile = join(shadow.directory, `tree-index.${process.pid}`)
  const repository = withIndex(shadow, indexFile)
  try {
    await runGit(repository, ['read-tree', '--empty'])
    await runGit(repository, ['update-index', '-z', '--index-info'], { input: entriesOf(files) })
    return await gitText(repository, ['write-tree', '--missing-ok'])
  } finally {
    await rm(indexFile, { force: true })
  }
}

function* entriesOf(files: Iterable<TreeFile>): Generator<string> {
  for (const { blob, path } of files) yield `100644 ${blob}\t${path}\0`
}

/** The tree that operations turn `base` into. Throws `objects-missing`. */
export async function treeAfter(shadow: Shadow, base: TreeId, operations: readonly Operation[]): Promise<TreeId> {
  return await editTree(shadow, base, operations.flatMap(editsOf))
}

function editsOf(operation: Operation): TreeEdit[] {
  const name = Buffer.from(operation.path)
  if (operation.kind === 'deleted') return [{ name, blob: null }]
  const removal = operation.kind === 'moved' ? [{ name: Buffer.from(operation.source), blob: null }] : []
  return [...removal, { name, blob: operation.blob }]
}

/** Stores a content that is no file's, and names it. */
export async function storeBlob(shadow: Shadow, content: string): Promise<BlobId> {
  return await gitText(shadow.repository, ['hash-object', '-w', '--stdin'], { input: content })
}
