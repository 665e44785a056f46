import { createHash } from 'node:crypto'
import type { BlobId, TreeId } from '../delta/operation.js'
import { DeltaError } from '../support/errors.js'
import { EMPTY_TREE, gitText, runGit } from '../support/git.js'
import { type NamedObject, objectsNamed } from '../support/git-objects.js'
import { escapeBytes, splitNul } from '../support/text.js'
import { editTree } from './changed-tree.js'
import { OWN_IGNORE_FILE } from './collected-rules.js'
import { prefixOf } from './folder-workspace.js'
import { matchedByOwn } from './ignore-rules.js'
import { importTree } from './import-tree.js'
import { type ChangedEntry, judgeEntries } from './judge-entries.js'
import { readLast, writeLast } from './last-commit.js'
import type { Snapshot, SnapshotOptions } from './scan.js'
import type { Shadow } from './shadow.js'

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
  const [{ commit, sourceTree, ownRuleBlob }, known] = await Promise.all([
    resolveCommit(shadow, revision),
    readLast(shadow),
  ])
  const ownRules = await ownIgnoreRules(shadow, ownRuleBlob, options)
  const stamp = createHash('sha256')
    .update(JSON.stringify([options.rulesFingerprint, ownRules]))
    .digest('hex')
  const last = known?.stamp === stamp ? known : null
  const base = last ?? { sourceTree: EMPTY_TREE, tree: EMPTY_TREE, skipped: [] }
  const entries = await changedEntries(shadow, base.sourceTree, sourceTree)
  const present = entries.filter(({ blob }) => blob !== null).map(({ name }) => name)
  // The user's rules do not count: what is committed is not ignored.
  const ignored = await matchedByOwn(shadow, present, ownRules)
  const judged = await judgeEntries(shadow, entries, ignored, options)
  const tree = judged.edits.length === 0 ? base.tree : await editTree(shadow, base.tree, judged.edits)
  const touched = new Set(entries.map((entry) => escapeBytes(entry.name)))
  const skipped = [...base.skipped.filter(({ path }) => !touched.has(path)), ...judged.skipped]
  if (last === null || sourceTree !== last.sourceTree) await writeLast(shadow, { stamp, sourceTree, tree, skipped })
  return { commit, tree, skipped }
}

interface ResolvedCommit {
  readonly commit: string
  readonly sourceTree: TreeId
  /** The commit's {@link OWN_IGNORE_FILE}. */
  readonly ownRuleBlob: BlobId | null
}

async function resolveCommit(shadow: Shadow, revision: string): Promise<ResolvedCommit> {
  const { git } = shadow.workspace
  if (git === null) {
    throw new DeltaError('not-a-repository', 'This folder is not in a git repository, so it has no commits.', {
      next: 'Push the folder itself: leave out --commit.',
    })
  }
  const name = `${revision}^{commit}`
  const isOurHash = git.objectFormat === 'sha1'
  const [commit, root, rules, again] = await objectsNamed(git.repository, [name, ...placesIn(name, shadow), name])
  if (commit?.type !== 'commit') {
    throw new DeltaError('usage', `There is no commit ${revision}.`, {
      facts: { revision },
      next: 'Name a commit, a branch or a tag of this repository; in a shallow clone it may not have been fetched.',
    })
  }
  // The branch moved meanwhile; a commit does not.
  if (again?.id !== commit.id) return await resolveCommit(shadow, commit.id)
  const found = isOurHash
    ? [root, rules]
    : await objectsNamed(shadow.repository, placesIn(await importTree(shadow, commit.id), shadow))
  return { commit: commit.id, ...inside(found, revision, shadow) }
}

/** The tree of the workspace, and its ignore rules, in a commit or a tree. */
function placesIn(name: string, { workspace }: Shadow): string[] {
  const { part } = workspace
  const root = part === null ? `${name}^{tree}` : `${name}:${part.path}`
  return [root, `${name}:${prefixOf(workspace)}${OWN_IGNORE_FILE}`]
}

function inside(
  [root, rules]: readonly (NamedObject | null | undefined)[],
  revision: string,
  { workspace }: Shadow,
): Omit<ResolvedCommit, 'commit'> {
  if (root?.type === 'tree') return { sourceTree: root.id, ownRuleBlob: rules?.type === 'blob' ? rules.id : null }
  const path = workspace.part?.path ?? '.'
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

async function ownIgnoreRules(shadow: Shadow, blob: BlobId | null, options: SnapshotOptions): Promise<string> {
  const text = blob === null ? '' : await gitText(shadow.repository, ['cat-file', 'blob', blob])
  return [text, ...options.exclude].join('\n').trim()
}
