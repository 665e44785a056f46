import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseTreeChanges, type TreeChange } from '../delta/change.js'
import type { BlobId, Operation, TreeId } from '../delta/operation.js'
import { type GitInput, gitText, runGit } from '../support/git.js'
import type { TreeFile } from '../support/git-objects.js'
import type { Repository } from '../support/git-repository.js'
import { type Shadow, withIndex } from './shadow.js'

/** What differs between two trees, exact renames paired. Never reads a blob, so a missing one does no harm. */
export async function treeChanges(repository: Repository, base: TreeId, target: TreeId): Promise<TreeChange[]> {
  if (base === target) return []
  return parseTreeChanges(
    await runGit(repository, ['diff-tree', '-r', '--raw', '--no-abbrev', '-z', '-M100%', base, target]),
  )
}

/** The tree with exactly these files. Blobs need not be here: it is how a receiver's listing becomes a base. */
export async function treeOfFiles(shadow: Shadow, files: Iterable<TreeFile>): Promise<TreeId> {
  return await buildTree(shadow, null, entriesOf(files))
}

function* entriesOf(files: Iterable<TreeFile>): Generator<string> {
  for (const { blob, path } of files) yield `100644 ${blob}\t${path}\0`
}

/** The tree that operations turn `base` into. */
export async function treeAfter(shadow: Shadow, base: TreeId, operations: readonly Operation[]): Promise<TreeId> {
  return await buildTree(shadow, base, operations.flatMap(indexLines))
}

function indexLines(operation: Operation): string[] {
  const removal = (path: string): string => `0 ${'0'.repeat(40)}\t${path}\0`
  if (operation.kind === 'deleted') return [removal(operation.path)]
  const addition = `100644 ${operation.blob}\t${operation.path}\0`
  return operation.kind === 'moved' ? [removal(operation.source), addition] : [addition]
}

/** Stores a content that is no file's, and names it. */
export async function storeBlob(shadow: Shadow, content: string): Promise<BlobId> {
  return await gitText(shadow.repository, ['hash-object', '-w', '--stdin'], { input: content })
}

async function buildTree(shadow: Shadow, base: TreeId | null, lines: GitInput): Promise<TreeId> {
  const indexFile = join(shadow.directory, `tree-index.${process.pid}`)
  const repository = withIndex(shadow, indexFile)
  try {
    await runGit(repository, base === null ? ['read-tree', '--empty'] : ['read-tree', base])
    await runGit(repository, ['update-index', '-z', '--index-info'], { input: lines })
    return await gitText(repository, ['write-tree', '--missing-ok'])
  } finally {
    await rm(indexFile, { force: true })
  }
}
