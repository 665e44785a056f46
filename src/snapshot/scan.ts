import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { TreeId } from '../delta/operation.js'
import { readTextIfPresent, writeFileDurably } from '../support/durable-files.js'
import { DeltaError } from '../support/errors.js'
import { EMPTY_TREE, gitText, gitTextOrNull, isObjectId, runGit } from '../support/git.js'
import { escapeBytes, splitNul } from '../support/text.js'
import { type EligibilityRules, judgeFile, type Skipped, type Verdict } from './eligibility.js'
import {
  asKey,
  type IgnoreRules,
  indexStamp,
  installIgnoreRules,
  listIgnored,
  snapshotThoughIgnored,
  trackedThoughIgnored,
} from './ignore-rules.js'
import type { Shadow } from './shadow.js'
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

/**
 * Takes a snapshot of the work tree: git says what may have changed, the rules say what is eligible, git stores it.
 * The cost follows the change, not the tree. A file that changes while it is read makes the scan start again.
 */
export async function takeSnapshot(shadow: Shadow, options: SnapshotOptions): Promise<Snapshot> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await scan(shadow, options)
    } catch (thrown) {
      const mayPass = thrown instanceof DeltaError && thrown.code === 'git-failed' && attempt < MAX_ATTEMPTS
      if (!mayPass) throw thrown
    }
  }
}

/** The files that ignore rules leave out, folders as one entry. */
export async function ignoredFiles(shadow: Shadow, exclude: readonly string[]): Promise<Skipped[]> {
  const names = await listIgnored(shadow, await installIgnoreRules(shadow, exclude))
  return names.map((name) => ({ path: escapeBytes(name), reason: 'ignored' }))
}

async function scan(shadow: Shadow, options: SnapshotOptions): Promise<Snapshot> {
  const ignore = await installIgnoreRules(shadow, options.exclude)
  const stamp = scanStamp(shadow, options, ignore)
  const [status, lastStamp] = await Promise.all([readStatus(shadow, ignore.setting), readScanStamp(shadow)])
  const opened = await openNestedRepositories(shadow, status, options, ignore)
  const { changed, untracked } = opened.status
  const haveRulesChanged = lastStamp.stamp !== stamp || changed.some(isIgnoreFile) || untracked.some(isIgnoreFile)
  const judgement = new Judgement(shadow, options)
  for (const name of changed) judgement.judgeTracked(name)
  for (const name of untracked) judgement.judgeUntracked(name)
  if (haveRulesChanged) await judgeAgain(shadow, ignore, judgement, lastStamp.rules !== options.rulesFingerprint)
  judgement.skipped.push(...opened.skipped, ...opened.status.unreadableFolders.map(unreadableFolder))
  await updateIndex(shadow, judgement.added, judgement.removed)
  const isUnchanged = judgement.isEmpty && !opened.status.isIndexAhead && !opened.hasOpened
  const tree = isUnchanged ? await lastScannedTree(shadow) : await storeScan(shadow)
  if (haveRulesChanged) await writeFileDurably(stampFile(shadow), `${stamp}\n${options.rulesFingerprint}\n`)
  return { tree, skipped: judgement.skipped }
}

/** The verdicts of one scan, as lists for `update-index`. */
class Judgement {
  readonly added = new Map<string, Buffer>()
  readonly removed = new Map<string, Buffer>()
  readonly skipped: Skipped[] = []
  readonly #root: Buffer
  readonly #rules: EligibilityRules

  constructor(shadow: Shadow, options: SnapshotOptions) {
    this.#root = Buffer.from(shadow.workspace.root)
    this.#rules = options.rules
  }

  get isEmpty(): boolean {
    return this.added.size === 0 && this.removed.size === 0
  }

  judgeUntracked(name: Buffer): void {
    if (this.#judge(name) === 'eligible') this.added.set(asKey(name), name)
  }

  /** A file of the snapshot that is not on disk as the snapshot has it. */
  judgeTracked(name: Buffer): void {
    const verdict = this.#judge(name)
    if (verdict === 'eligible') this.added.set(asKey(name), name)
    else if (verdict !== 'unknown') this.removed.set(asKey(name), name)
  }

  /** A file of the snapshot whose bytes are the same: nothing to do where it stays eligible. */
  judgeUnchanged(name: Buffer): void {
    const key = asKey(name)
    if (this.added.has(key) || this.removed.has(key)) return
    const verdict = this.#judge(name)
    if (verdict === 'left out') this.removed.set(key, name)
  }

  leaveOut(name: Buffer): void {
    this.added.delete(asKey(name))
    this.removed.set(asKey(name), name)
  }

  #judge(name: Buffer): Verdict['kind'] {
    const verdict = judgeFile(this.#root, name, this.#rules)
    if (verdict.kind === 'left out' || verdict.kind === 'unknown') this.skipped.push(verdict.skipped)
    return verdict.kind
  }
}

/**
 * After a rule changed: files that are ignored now leave the snapshot, tracked files that only an ignore rule of the
 * user's kept out come in; and where the rules of eligibility themselves changed, every file is judged again.
 */
async function judgeAgain(shadow: Shadow, ignore: IgnoreRules, judgement: Judgement, judgeAll: boolean): Promise<void> {
  const [ignored, forced] = await Promise.all([
    snapshotThoughIgnored(shadow, ignore),
    trackedThoughIgnored(shadow, ignore.own),
  ])
  const forcedKeys = new Set(forced.map(asKey))
  const ignoredKeys = new Set(ignored.map(asKey))
  if (judgeAll) {
    for (const name of splitNul(await runGit(shadow.repository, ['ls-files', '-z']))) judgement.judgeUnchanged(name)
  }
  for (const name of ignored) if (!forcedKeys.has(asKey(name))) judgement.leaveOut(name)
  for (const name of forced) if (!ignoredKeys.has(asKey(name))) judgement.judgeUntracked(name)
}

interface OpenedNested {
  readonly status: WorkTreeStatus
  readonly skipped: readonly Skipped[]
  readonly hasOpened: boolean
}

/** An entry that stands for no file. It makes git look into a nested repository as into any other folder. */
const DOOR = Buffer.from('/.ce-delta-door')

const EMPTY_BLOB = 'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391'

/**
 * Repositories and submodules inside the work tree belong to it: git lists one as a single entry until the index has
 * a path inside, so it is given one; the next look lists its files by the same rules as all others.
 */
async function openNestedRepositories(
  shadow: Shadow,
  first: WorkTreeStatus,
  options: SnapshotOptions,
  ignore: IgnoreRules,
): Promise<OpenedNested> {
  const skipped: Skipped[] = []
  const openedKeys = new Set<string>()
  let status = first
  for (;;) {
    const toOpen: Buffer[] = []
    for (const name of status.nested) {
      const reason = options.nestedRepositories === 'skip' ? 'nested repository' : linkedWorktreeReason(shadow, name)
      const isNew = !openedKeys.has(asKey(name))
      openedKeys.add(asKey(name))
      if (reason !== null) {
        if (isNew) skipped.push({ path: escapeBytes(name), reason })
      } else if (isNew) toOpen.push(Buffer.concat([name, DOOR]))
    }
    if (toOpen.length === 0) return { status, skipped, hasOpened: openedKeys.size > skipped.length }
    const lines = toOpen.map((door) => Buffer.concat([Buffer.from(`100644 ${EMPTY_BLOB}\t`), door, Buffer.from([0])]))
    await runGit(shadow.repository, ['update-index', '-z', '--index-info'], { input: lines })
    status = await readStatus(shadow, ignore.setting)
  }
}

/** Another worktree of the same repository is a workspace of its own, not a part of this one. */
function linkedWorktreeReason(shadow: Shadow, name: Buffer): 'linked worktree' | null {
  const gitFile = Buffer.concat([Buffer.from(`${shadow.workspace.root}/`), name, Buffer.from('/.git')])
  if (statSync(gitFile, { throwIfNoEntry: false })?.isFile() !== true) return null
  return /[\\/]worktrees[\\/][^\\/]+\s*$/.test(readFileSync(gitFile, 'utf8')) ? 'linked worktree' : null
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

function isIgnoreFile(name: Buffer): boolean {
  return /(?:^|\/)\.gitignore$/.test(asKey(name))
}

function unreadableFolder(path: string): Skipped {
  return { path: `${path}/`, reason: 'unreadable' }
}

/** What the last scan went by. A hint: where it is missing or different, the rules are applied again. */
function stampFile(shadow: Shadow): string {
  return join(shadow.directory, 'scan')
}

function scanStamp(shadow: Shadow, options: SnapshotOptions, ignore: IgnoreRules): string {
  const facts = [options.rulesFingerprint, options.nestedRepositories, ignore.fingerprint, indexStamp(shadow.workspace)]
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex')
}

async function readScanStamp(shadow: Shadow): Promise<{ stamp: string; rules: string }> {
  const [stamp = '', rules = ''] = ((await readTextIfPresent(stampFile(shadow))) ?? '').split('\n')
  return { stamp, rules }
}
