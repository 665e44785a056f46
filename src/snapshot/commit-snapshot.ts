import { createHash } from 'node:crypto'
import type { BlobId, TreeId } from '../delta/operation.js'
import { DeltaError } from '../support/errors.js'
import { EMPTY_TREE, gitText, runGit } from '../support/git.js'
import { type NamedObject, objectsNamed } from '../support/git-objects.js'
import { escapeBytes, splitNul } from '../support/text.js'
import { editTree } from './changed-tree.js'
import { matchedByOwn, OWN_IGNORE_FILE } from './ignore-rules.js'
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
  const tree = `${revision}^{tree}`
  const [commit, root, rules] = await objectsNamed(git.repository, [`${revision}^{commit}`, tree, ownRulesIn(tree)])
  if (commit?.type !== 'commit' || root?.type !== 'tree') {
    throw new DeltaError('usage', `There is no commit ${revision}.`, {
      facts: { revision },
      next: 'Name a commit, a branch or a tag of this repository; in a shallow clone it may not have been fetched.',
    })
  }
  if (git.objectFormat === 'sha1') return { commit: commit.id, sourceTree: root.id, ownRuleBlob: blobOf(rules) }
  const sourceTree = await importTree(shadow, commit.id)
  const [imported] = await objectsNamed(shadow.repository, [ownRulesIn(sourceTree)])
  return { commit: commit.id, sourceTree, ownRuleBlob: blobOf(imported) }
}

function ownRulesIn(tree: string): string {
  return `${tree}:${OWN_IGNORE_FILE}`
}

function blobOf(object: NamedObject | null | undefined): BlobId | null {
  return object?.type === 'blob' ? object.id : null
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
