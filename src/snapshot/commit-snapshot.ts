import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { TreeId } from '../delta/operation.js'
import { DeltaError } from '../support/errors.js'
import { EMPTY_TREE, gitText, gitTextOrNull, runGit } from '../support/git.js'
import { escapeBytes, splitNul } from '../support/text.js'
import { OWN_IGNORE_FILE } from './collected-rules.js'
import { matchedByOwn } from './ignore-rules.js'
import { importTree } from './import-tree.js'
import { type ChangedEntry, judgeEntries } from './judge-entries.js'
import { readLast, writeLast } from './last-commit.js'
import type { Snapshot, SnapshotOptions } from './scan.js'
import { type Shadow, withIndex } from './shadow.js'

/** A snapshot of a commit, with the commit that it is of. */
export interface CommitSnapshot extends Snapshot {
  readonly commit: string
}

/**
 * Takes the snapshot of a commit instead of the work tree: no file of the work tree is looked at, so it works in a bare
 * repository. Only what differs from the last commit that was judged by the same rules is judged.
 */
export async function snapshotOfCommit(
  shadow: Shadow,
  revision: string,
  options: SnapshotOptions,
): Promise<CommitSnapshot> {
  const { commit, sourceTree } = await resolveCommit(shadow, revision)
  const ownRules = await ownIgnoreRules(shadow, sourceTree, options)
  const stamp = createHash('sha256')
    .update(JSON.stringify([options.rulesFingerprint, ownRules]))
    .digest('hex')
  const last = await readLast(shadow, stamp)
  const base = last ?? { sourceTree: EMPTY_TREE, tree: EMPTY_TREE, skipped: [] }
  const entries = await changedEntries(shadow, base.sourceTree, sourceTree)
  const present = entries.filter(({ blob }) => blob !== null).map(({ name }) => name)
  // The user's rules do not count: what is committed is not ignored.
  const ignored = await matchedByOwn(shadow, present, ownRules)
  const judged = await judgeEntries(shadow, entries, ignored, options)
  const tree = await applyEntries(shadow, base.tree, judged.lines)
  const touched = new Set(entries.map((entry) => escapeBytes(entry.name)))
  const skipped = [...base.skipped.filter(({ path }) => !touched.has(path)), ...judged.skipped]
  if (last === null || sourceTree !== last.sourceTree) await writeLast(shadow, stamp, { sourceTree, tree, skipped })
  return { commit, tree, skipped }
}

async function resolveCommit(shadow: Shadow, revision: string): Promise<{ commit: string; sourceTree: TreeId }> {
  const { git, part } = shadow.workspace
  if (git === null) {
    throw new DeltaError('not-a-repository', 'This folder is not in a git repository, so it has no commits.', {
      next: 'Push the folder itself: leave out --commit.',
    })
  }
  const commit = await gitTextOrNull(git.repository, [
    'rev-parse',
    '--quiet',
    '--verify',
    '--end-of-options',
    `${revision}^{commit}`,
  ])
  if (commit === null) {
    throw new DeltaError('usage', `There is no commit ${revision}.`, {
      facts: { revision },
      next: 'Name a commit, a branch or a tag of this repository; in a shallow clone it may not have been fetched.',
    })
  }
  const tree =
    git.objectFormat === 'sha1'
      ? await gitText(git.repository, ['rev-parse', '--verify', `${commit}^{tree}`])
      : await importTree(shadow, commit)
  return { commit, sourceTree: part === null ? tree : await folderIn(shadow, tree, part.path, revision) }
}

/** The tree of a folder in a tree. */
async function folderIn(shadow: Shadow, tree: TreeId, path: string, revision: string): Promise<TreeId> {
  const find = async (name: string): Promise<string | null> => {
    return await gitTextOrNull(shadow.repository, ['rev-parse', '--quiet', '--verify', '--end-of-options', name])
  }
  const entry = await find(`${tree}:${path}`)
  const found = entry === null ? null : await find(`${entry}^{tree}`)
  if (found !== null) return found
  throw new DeltaError('usage', `There is no folder ${path} in ${revision}.`, {
    facts: { revision, path },
    next: 'Name a commit that has it, or take it out of workspaces. Nothing is deleted at the receiver.',
  })
}

async function changedEntries(shadow: Shadow, base: TreeId, target: TreeId): Promise<ChangedEntry[]> {
  if (base === target) return []
  const fields = splitNul(
    await runGit(shadow.repository, ['diff-tree', '-r', '--raw', '-z', '--no-renames', base, target]),
  )
  const entries: ChangedEntry[] = []
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [, mode = '', , blob = '', status = ''] = (fields[at]?.toString('latin1') ?? '').split(' ')
    entries.push({ name: fields[at + 1] ?? Buffer.alloc(0), mode, blob: status === 'D' ? null : blob })
  }
  return entries
}

async function ownIgnoreRules(shadow: Shadow, sourceTree: TreeId, options: SnapshotOptions): Promise<string> {
  const file = await gitTextOrNull(shadow.repository, [
    'rev-parse',
    '--quiet',
    '--verify',
    `${sourceTree}:${OWN_IGNORE_FILE}`,
  ])
  const text = file === null ? '' : await gitText(shadow.repository, ['cat-file', 'blob', file])
  return [text, ...options.exclude].join('\n').trim()
}

async function applyEntries(shadow: Shadow, base: TreeId, lines: readonly Buffer[]): Promise<TreeId> {
  if (lines.length === 0) return base
  const indexFile = join(shadow.directory, `commit-index.${process.pid}`)
  const repository = withIndex(shadow, indexFile)
  try {
    await runGit(repository, ['read-tree', base])
    await runGit(repository, ['update-index', '-z', '--index-info'], { input: lines })
    return await gitText(repository, ['write-tree', '--missing-ok'])
  } finally {
    await rm(indexFile, { force: true })
  }
}
