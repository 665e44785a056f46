import { statSync } from 'node:fs'
import { utimes } from 'node:fs/promises'
import { join } from 'node:path'
import type { TreeId } from '../delta/operation.js'
import { readTextIfPresent, writeFileDurably } from '../support/durable-files.js'
import { DeltaError } from '../support/errors.js'
import { EMPTY_TREE, gitText, gitTextOrNull, isObjectId, runGit } from '../support/git.js'
import { escapeBytes, splitNul } from '../support/text.js'
import type { EligibilityRules, Skipped } from './eligibility.js'
import {
  asKey,
  type IgnoreRules,
  installIgnoreRules,
  listIgnored,
  matchedByOwn,
  placeholder,
  snapshotThoughIgnored,
  trackedThoughIgnored,
} from './ignore-rules.js'
import { Judgement } from './judgement.js'
import { forgetIndex, type Shadow } from './shadow.js'
import { readStatus, type WorkTreeStatus } from './status.js'
import { updateIndex } from './update-index.js'

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
 * that was damaged is made anew.
 */
export async function takeSnapshot(shadow: Shadow, options: SnapshotOptions): Promise<Snapshot> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await scan(shadow, options)
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

async function scan(shadow: Shadow, options: SnapshotOptions): Promise<Snapshot> {
  const before = indexVersion(shadow)
  const started = performance.now()
  const ignore = await installIgnoreRules(shadow, options.exclude)
  const [status, ignored, forced, lastRules] = await Promise.all([
    readStatus(shadow, [ignore.setting]),
    snapshotThoughIgnored(shadow, ignore),
    trackedThoughIgnored(shadow, ignore),
    readTextIfPresent(rulesFile(shadow)),
  ])
  const judgement = new Judgement(shadow.workspace.root, options)
  const opened = await openNestedRepositories(shadow, status, judgement, ignore)
  const rules = `${options.rulesFingerprint}\n`
  await judge(shadow, judgement, { status: opened.status, ignored, forced, ignore, judgeAll: lastRules !== rules })
  if (options.nestedRepositories === 'skip') for (const name of await listIndex(shadow)) judgement.judgePlace(name)
  judgement.cannotRead(opened.status.unreadable)
  await updateIndex(shadow, judgement.added, judgement.removed)
  const isUnchanged = judgement.isEmpty && !opened.status.isIndexAhead && !opened.hasOpened
  const tree = isUnchanged ? await lastScannedTree(shadow) : await storeScan(shadow)
  if (lastRules !== rules) await writeFileDurably(rulesFile(shadow), rules)
  // git's cache of folders takes one that could not be listed for an empty one.
  if (opened.status.unreadable.length > 0) await runGit(shadow.repository, ['update-index', '--no-untracked-cache'])
  await distrustRecent(shadow, before, started)
  return { tree, skipped: judgement.skipped }
}

interface Findings {
  readonly status: WorkTreeStatus
  /** Files of the snapshot that a rule matches. */
  readonly ignored: readonly Buffer[]
  /** Files that the user tracks although a rule of theirs matches. */
  readonly forced: readonly Buffer[]
  readonly ignore: IgnoreRules
  /** The rules of eligibility changed. */
  readonly judgeAll: boolean
}

/**
 * The ignore rules are applied to the whole snapshot each time: a `.gitignore` that ignores itself shows in no status,
 * and a tracked file that is ignored may have come back.
 */
async function judge(shadow: Shadow, judgement: Judgement, findings: Findings): Promise<void> {
  const { status, ignored, forced, ignore } = findings
  const unwanted = await matchedByOwn(shadow, status.untracked, ignore.own)
  const forcedKeys = new Set(forced.map(asKey))
  const ignoredKeys = new Set(ignored.map(asKey))
  for (const name of ignored) if (!forcedKeys.has(asKey(name))) judgement.leaveOut(name)
  for (const name of status.changed) judgement.judgeTracked(name)
  for (const name of status.untracked) if (!unwanted.has(asKey(name))) judgement.judgeUntracked(name)
  for (const name of forced) if (!ignoredKeys.has(asKey(name))) judgement.judgeUntracked(name)
  if (findings.judgeAll) for (const name of await listIndex(shadow)) judgement.judgeUnchanged(name)
}

async function listIndex(shadow: Shadow): Promise<Buffer[]> {
  return splitNul(await runGit(shadow.repository, ['ls-files', '-z']))
}

interface OpenedNested {
  readonly status: WorkTreeStatus
  readonly hasOpened: boolean
}

/** An entry that stands for no file. It makes git look into a nested repository as into any other folder. */
const DOOR = Buffer.from('/.ce-delta-door')

/**
 * Repositories and submodules inside the work tree belong to it: git lists one as a single entry until the index has
 * a path inside, so it is given one; the next look lists its files by the same rules as all others.
 */
async function openNestedRepositories(
  shadow: Shadow,
  first: WorkTreeStatus,
  judgement: Judgement,
  ignore: IgnoreRules,
): Promise<OpenedNested> {
  const seen = new Set<string>()
  let hasOpened = false
  let status = first
  for (;;) {
    const found = status.nested.filter((name) => !seen.has(asKey(name)))
    for (const name of found) seen.add(asKey(name))
    const toOpen = found.filter((name) => judgement.enters(name))
    if (toOpen.length === 0) return { status, hasOpened }
    const doors = toOpen.map((name) => placeholder(Buffer.concat([name, DOOR])))
    await runGit(shadow.repository, ['update-index', '-z', '--index-info'], { input: doors })
    hasOpened = true
    // git's cache of folders does not notice that such an entry is no longer to be listed as one.
    status = await readStatus(shadow, [ignore.setting, 'core.untrackedCache=false'])
  }
}

/** HEAD of the shadow is the last scan, so that `git status` compares with it at no cost. */
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
  await runGit(shadow.repository, ['update-ref', '--no-deref', 'HEAD', commit])
  return tree
}

/** The rules of eligibility that the last scan went by. A hint: where it is missing, every file is judged again. */
function rulesFile(shadow: Shadow): string {
  return join(shadow.directory, 'scan')
}

function indexVersion(shadow: Shadow): string {
  const stats = statSync(join(shadow.directory, 'index'), { throwIfNoEntry: false, bigint: true })
  return stats === undefined ? '' : `${stats.ino}-${stats.mtimeNs}`
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
  if (written === undefined || indexVersion(shadow) === before) return
  const time = (written.mtimeMs - (performance.now() - started) - COARSEST_CLOCK) / 1000
  await utimes(index, time, time)
}
