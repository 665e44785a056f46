import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { TreeId } from '../delta/operation.js'
import { readTextIfPresent, writeFileDurably } from '../support/durable-files.js'
import { DeltaError } from '../support/errors.js'
import { EMPTY_TREE, gitText, gitTextOrNull, isObjectId, runGit } from '../support/git.js'
import { blobSizes, readBlobs } from '../support/git-objects.js'
import { asFields, parseJson } from '../support/json.js'
import { decodeUtf8, escapeBytes, splitNul } from '../support/text.js'
import {
  type EligibilityRules,
  isBinary,
  isSkipped,
  judgeName,
  judgeSecrets,
  judgeSize,
  type Skipped,
} from './eligibility.js'
import { asKey, matchedByOwn, OWN_IGNORE_FILE } from './ignore-rules.js'
import { importTree } from './import-tree.js'
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
  const { git } = shadow.workspace
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
  if (git.objectFormat !== 'sha1') return { commit, sourceTree: await importTree(shadow, commit) }
  return { commit, sourceTree: await gitText(git.repository, ['rev-parse', '--verify', `${commit}^{tree}`]) }
}

/** An entry of the new tree that differs from the old one; without a blob it is gone. */
interface ChangedEntry {
  readonly name: Buffer
  readonly mode: string
  readonly blob: string | null
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

function indexLine(name: Buffer, mode: string, blob: string): Buffer {
  return Buffer.concat([Buffer.from(`${mode} ${blob}\t`), name, Buffer.from([0])])
}

interface JudgedEntries {
  /** Input for `update-index --index-info`: what leaves the snapshot, then what enters it. */
  readonly lines: readonly Buffer[]
  readonly skipped: readonly Skipped[]
}

async function judgeEntries(
  shadow: Shadow,
  entries: readonly ChangedEntry[],
  ignored: ReadonlySet<string>,
  options: SnapshotOptions,
): Promise<JudgedEntries> {
  const skipped: Skipped[] = []
  const candidates: { name: Buffer; path: string; blob: string }[] = []
  for (const { name, mode, blob } of entries) {
    if (blob === null || ignored.has(asKey(name))) continue
    const reason = judgeEntry(name, mode, options)
    const path = decodeUtf8(name)
    if (reason === null && path !== null) candidates.push({ name, path, blob })
    else if (reason !== null) skipped.push(reason)
  }
  const contents = await judgeBlobs(shadow, candidates, options)
  const removals = entries.map(({ name }) => indexLine(name, '0', '0'.repeat(40)))
  const additions = contents.eligible.map(({ name, blob }) => indexLine(name, '100644', blob))
  return { lines: [...removals, ...additions], skipped: [...skipped, ...contents.skipped] }
}

function judgeEntry(name: Buffer, mode: string, options: SnapshotOptions): Skipped | null {
  const path = decodeUtf8(name)
  if (path === null) return { path: escapeBytes(name), reason: 'name is not UTF-8' }
  if (mode === '120000') return { path, reason: 'symbolic link' }
  if (mode === '160000') return { path, reason: 'submodule without files' }
  return judgeName(path, options.rules)
}

async function judgeBlobs<Entry extends { path: string; blob: string }>(
  shadow: Shadow,
  entries: readonly Entry[],
  options: SnapshotOptions,
): Promise<{ eligible: Entry[]; skipped: Skipped[] }> {
  const skipped: Skipped[] = []
  const sizes = await blobSizes(
    shadow.repository,
    entries.map(({ blob }) => blob),
  )
  const small = entries.filter(({ path, blob }) => {
    const reason = judgeSize(path, sizes.get(blob) ?? 0, options.rules)
    if (reason !== null) skipped.push(reason)
    return reason === null
  })
  if (options.rules.binaries && !options.rules.secretScan.isOn) return { eligible: small, skipped }
  const contents = readWholeBlobs(
    shadow,
    small.map(({ blob }) => blob),
  )
  const eligible: Entry[] = []
  for await (const { index, content } of contents) {
    const entry = small[index]
    const reason = entry === undefined ? null : judgeContent(entry.path, content, options.rules)
    if (reason !== null) skipped.push(reason)
    else if (entry !== undefined) eligible.push(entry)
  }
  return { eligible, skipped }
}

function judgeContent(path: string, content: Buffer, rules: EligibilityRules): Skipped | null {
  if (!rules.binaries && isBinary(content)) return { path, reason: 'binary' }
  return rules.secretScan.isOn ? judgeSecrets(path, content, rules) : null
}

/** One content after another; none is larger than the largest file that is eligible. */
async function* readWholeBlobs(
  shadow: Shadow,
  blobs: readonly string[],
): AsyncGenerator<{ index: number; content: Buffer }> {
  let pieces: Buffer[] = []
  for await (const { index, bytes, last } of readBlobs(shadow.repository, blobs)) {
    pieces.push(Buffer.from(bytes))
    if (!last) continue
    yield { index, content: Buffer.concat(pieces) }
    pieces = []
  }
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

interface LastCommitSnapshot {
  readonly sourceTree: TreeId
  readonly tree: TreeId
  readonly skipped: readonly Skipped[]
}

const LAST_FILE = 'commit-scan.json'

/** A hint only: where it is missing, made by other rules, or names trees that are gone, the whole commit is judged. */
async function readLast(shadow: Shadow, stamp: string): Promise<LastCommitSnapshot | null> {
  const text = await readTextIfPresent(join(shadow.directory, LAST_FILE))
  const last = text === null ? null : parseLast(text)
  if (last === null || last.stamp !== stamp) return null
  const input = `${last.sourceTree}\n${last.tree}\n`
  const found = await gitText(shadow.repository, ['cat-file', '--batch-check=%(objecttype)'], { input })
  return found === 'tree\ntree' ? last : null
}

async function writeLast(shadow: Shadow, stamp: string, last: LastCommitSnapshot): Promise<void> {
  await writeFileDurably(join(shadow.directory, LAST_FILE), JSON.stringify({ stamp, ...last }))
}

function parseLast(text: string): (LastCommitSnapshot & { stamp: string }) | null {
  const fields = asFields(parseJson(text))
  if (fields === null || typeof fields.stamp !== 'string' || !Array.isArray(fields.skipped)) return null
  if (!isObjectId(fields.sourceTree) || !isObjectId(fields.tree)) return null
  return {
    stamp: fields.stamp,
    sourceTree: fields.sourceTree,
    tree: fields.tree,
    skipped: fields.skipped.filter(isSkipped),
  }
}
