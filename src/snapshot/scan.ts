import { statSync } from 'node:fs'
import { utimes } from 'node:fs/promises'
import { join } from 'node:path'
import type { TreeId } from '../delta/operation.js'
import { writeHint } from '../support/durable-files.js'
import { DeltaError } from '../support/errors.js'
import { EMPTY_TREE, gitText, gitTextOrNull, isObjectId, runGit } from '../support/git.js'
import { escapeBytes, splitNul } from '../support/text.js'
import type { EligibilityRules, Skipped } from './eligibility.js'
import { asKey, type IgnoreRules, installIgnoreRules, listIgnored, matchedByOwn } from './ignore-rules.js'
import { askIgnoredFiles, type IgnoredFiles } from './ignored-files.js'
import { Judgement } from './judgement.js'
import { openNestedRepositories } from './nested-repositories.js'
import { basisNow, indexSignature, readScanRecord, recall, waitingAfter, writeScanRecord } from './scan-record.js'
import { forgetIndex, type Shadow } from './shadow.js'
import { readStatus, type WorkTreeStatus } from './status.js'
import { addToIndex, removeFromIndex } from './update-index.js'

export interface SnapshotOptions {
  readonly rules: EligibilityRules
  /** Changes whenever `rules` do. */
  readonly rulesFingerprint: string
  readonly exclude: readonly string[]
  readonly nestedRepositories: 'include' | 'skip'
}

export interface Snapshot {
  readonly tree: TreeId
  /** Files that are there and not in the snapshot, other than ignored ones. */
  readonly skipped: readonly Skipped[]
}

const MAX_ATTEMPTS = 3

/** How git says that it cannot read an index. */
const DAMAGED_INDEX = /index file|bad signature|bad index version|malformed name field|unordered stage|index uses/

/**
 * Takes a snapshot of the work tree: git says what may have changed, the rules say what is eligible, git stores it.
 * The cost follows the change, not the tree. A file that changes while it is read makes the scan start again; an index
 * that was damaged is made anew. `whileLooking` is called when git has begun to look at the work tree, which is most of it:
 * that is the time for what does not depend on the snapshot.
 */
export async function takeSnapshot(
  shadow: Shadow,
  options: SnapshotOptions,
  whileLooking: () => void = () => undefined,
): Promise<Snapshot> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await scan(shadow, options, whileLooking)
    } catch (thrown) {
      const mayPass = thrown instanceof DeltaError && thrown.code === 'git-failed' && attempt < MAX_ATTEMPTS
      if (!mayPass) throw thrown
      if (DAMAGED_INDEX.test(String(thrown.facts.complaint))) await forgetIndex(shadow)
    }
  }
}

/** The files that ignore rules leave out, folders as one entry. */
export async function ignoredFiles(shadow: Shadow, exclude: readonly string[]): Promise<Skipped[]> {
  const names = await listIgnored(shadow, await installIgnoreRules(shadow, exclude))
  return names.map((name) => ({ path: escapeBytes(name), reason: 'ignored' }))
}

async function scan(shadow: Shadow, options: SnapshotOptions, whileLooking: () => void): Promise<Snapshot> {
  const started = performance.now()
  const ignore = await installIgnoreRules(shadow, options.exclude)
  const [last, basis] = await Promise.all([readScanRecord(shadow), basisNow(shadow, ignore.own)])
  const looking = lookAround(shadow, ignore, recall(last, basis))
  whileLooking()
  // HEAD of the shadow is the last scan, so that `git status` compares with it at no cost.
  const lastTree = lastScannedTree(shadow)
  lastTree.catch(() => undefined)
  const { status, ignored } = await looking
  const judgement = new Judgement(shadow.workspace.root, options)
  const opened = await openNestedRepositories(shadow, status, judgement, ignore)
  const rules = options.rulesFingerprint
  const findings = { status: opened.status, ignored, ignore, judgeAll: last?.rules !== rules }
  await judgeSnapshot(shadow, judgement, findings)
  if (options.nestedRepositories === 'skip') for (const name of await listIndex(shadow)) judgement.judgePlace(name)
  await removeFromIndex(shadow, judgement.removed.values())
  await addToIndex(shadow, judgement.entering(await untrackedFiles(shadow, findings)))
  judgement.cannotRead(opened.status.unreadable)
  const isUnchanged = judgement.isEmpty && !opened.status.isIndexAhead && !opened.hasOpened
  const tree = isUnchanged ? await lastTree : await storeScan(shadow)
  // git's cache of folders takes one that could not be listed for an empty one.
  if (opened.status.unreadable.length > 0) await runGit(shadow.repository, ['update-index', '--no-untracked-cache'])
  await distrustRecent(shadow, basis.shadowIndex, started)
  const waiting = opened.status.gitignores === 'not told' ? null : waitingAfter(ignored, judgement)
  const shadowIndex = await indexSignature(shadow)
  await writeScanRecord(shadow, last, { rules, ignored: waiting === null ? null : { ...basis, shadowIndex, waiting } })
  return { tree, skipped: judgement.skipped }
}

/**
 * What git says of the work tree. It is asked for the ignored files only where something that the last answer depends on
 * may be different: matching every file with every rule can cost several times a `git status`.
 */
async function lookAround(
  shadow: Shadow,
  ignore: IgnoreRules,
  remembered: IgnoredFiles | null,
): Promise<{ status: WorkTreeStatus; ignored: IgnoredFiles }> {
  const asked = remembered === null ? askIgnoredFiles(shadow, ignore) : null
  const [status, answer] = await Promise.all([readStatus(shadow, [ignore.setting]), asked])
  const isSame = status.gitignores === 'as before'
  // Asked at the same time, it may have gone by other `.gitignore` files than those that the status says are read.
  if (answer !== null) return { status, ignored: { ...answer, isCertain: answer.isCertain && isSame } }
  return { status, ignored: remembered !== null && isSame ? remembered : await askIgnoredFiles(shadow, ignore) }
}

interface Findings {
  readonly status: WorkTreeStatus
  readonly ignored: IgnoredFiles
  readonly ignore: IgnoreRules
  /** The rules of eligibility changed. */
  readonly judgeAll: boolean
}

/**
 * Judges what the snapshot has. The ignore rules are applied to all of it each time: a `.gitignore` that ignores itself
 * shows in no status, and a tracked file that is ignored may have come back.
 */
async function judgeSnapshot(shadow: Shadow, judgement: Judgement, findings: Findings): Promise<void> {
  const { inSnapshot, forced } = findings.ignored
  const forcedKeys = new Set(forced.map(asKey))
  for (const name of inSnapshot) if (!forcedKeys.has(asKey(name))) judgement.leaveOut(name)
  for (const name of findings.status.changed) judgement.judgeTracked(name)
  if (findings.judgeAll) for (const name of await listIndex(shadow)) judgement.judgeUnchanged(name)
}

/** The files that the snapshot does not have and that no ignore rule leaves out; of the others it is not known that they are there. */
async function untrackedFiles(shadow: Shadow, { status, ignored, ignore }: Findings) {
  const unwanted = await matchedByOwn(shadow, status.untracked, ignore.own)
  const ignoredKeys = new Set(ignored.inSnapshot.map(asKey))
  return { listed: without(status.untracked, unwanted), others: without(ignored.forced, ignoredKeys) }
}

function* without(names: Iterable<Buffer>, keys: ReadonlySet<string>): Generator<Buffer> {
  for (const name of names) if (keys.size === 0 || !keys.has(asKey(name))) yield name
}

async function listIndex(shadow: Shadow): Promise<Buffer[]> {
  return splitNul(await runGit(shadow.repository, ['ls-files', '-z']))
}

async function lastScannedTree(shadow: Shadow): Promise<TreeId> {
  const tree = await gitTextOrNull(shadow.repository, ['rev-parse', '--quiet', '--verify', 'HEAD^{tree}'])
  return isObjectId(tree) ? tree : EMPTY_TREE
}

async function storeScan(shadow: Shadow): Promise<TreeId> {
  const tree = await gitText(shadow.repository, ['write-tree'])
  const author = { GIT_AUTHOR_NAME: 'ce-delta', GIT_AUTHOR_EMAIL: 'ce-delta', GIT_AUTHOR_DATE: '@0 +0000' }
  const committer = { GIT_COMMITTER_NAME: 'ce-delta', GIT_COMMITTER_EMAIL: 'ce-delta', GIT_COMMITTER_DATE: '@0 +0000' }
  const environment = { ...shadow.repository.environment, ...author, ...committer }
  const commit = await gitText({ ...shadow.repository, environment }, ['commit-tree', tree], { input: '' })
  // As `git update-ref --no-deref HEAD` writes it. It is a hint, and nobody else moves it under the push lock.
  await writeHint(join(shadow.directory, 'HEAD'), `${commit}\n`)
  return tree
}

/** Some file systems count in steps of this many milliseconds. */
const COARSEST_CLOCK = 2000

/**
 * git reads a file again whose time is not older than its index. But it writes the index at the end of a scan, and a
 * file may have changed since it was read, within the same second and without changing its size. So the index is dated
 * back to before the scan (faults.md row 24). Measured from the index's own time: the file system may have another clock.
 */
async function distrustRecent(shadow: Shadow, before: string, started: number): Promise<void> {
  const index = join(shadow.directory, 'index')
  const written = statSync(index, { throwIfNoEntry: false })
  if (written === undefined || (await indexSignature(shadow)) === before) return
  const time = (written.mtimeMs - (performance.now() - started) - COARSEST_CLOCK) / 1000
  await utimes(index, time, time)
}
