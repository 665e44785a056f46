import { existsSync, lstatSync, readFileSync, type Stats, statSync } from 'node:fs'
import { escapeBytes } from '../support/text.js'
import { type EligibilityRules, judgeFile, type Skipped, type SkipReason, type Verdict } from './eligibility.js'
import { asKey } from './ignore-rules.js'

export interface JudgementOptions {
  readonly rules: EligibilityRules
  readonly nestedRepositories: 'include' | 'skip'
}

/** The verdicts of one scan: which paths enter or stay in the snapshot, which leave it, and why. */
export class Judgement {
  /** As keys; without those that git listed as new to the snapshot, of which it lists each only once. */
  readonly added = new Set<string>()
  readonly removed = new Map<string, Buffer>()
  readonly skipped: Skipped[] = []
  readonly #root: Buffer
  readonly #options: JudgementOptions
  readonly #folders = new Map<string, boolean>()
  #hasListed = false

  constructor(root: string, options: JudgementOptions) {
    this.#root = Buffer.from(root)
    this.#options = options
  }

  get isEmpty(): boolean {
    return this.added.size === 0 && this.removed.size === 0 && !this.#hasListed
  }

  /** A rule of the user's says so; nothing else is asked about this path any more. */
  leaveOut(name: Buffer): void {
    this.removed.set(asKey(name), name)
  }

  /** git could not look at these. What the snapshot has of them stays. */
  cannotRead(paths: readonly string[]): void {
    const named = new Set(this.skipped.map(({ path }) => path))
    for (const path of new Set(paths)) if (!named.has(path)) this.skipped.push({ path, reason: 'unreadable' })
  }

  /**
   * What was found to change, then those of these files, new to the snapshot, that enter it: judged as they are asked for.
   * `listed` are those that git has just found in the work tree.
   */
  *entering({ listed, others }: Record<'listed' | 'others', Iterable<Buffer>>): Generator<Buffer> {
    for (const key of [...this.added]) yield Buffer.from(key, 'latin1')
    for (const name of listed) {
      if (this.#isDecided(name) || !this.#isWithin(name) || this.#judge(name, true) !== 'eligible') continue
      this.#hasListed = true
      yield name
    }
    for (const name of others) {
      if (this.#isDecided(name) || !this.#isWithin(name) || this.#judge(name) !== 'eligible') continue
      this.added.add(asKey(name))
      yield name
    }
  }

  /** A file of the snapshot that is not on disk as the snapshot has it. */
  judgeTracked(name: Buffer): void {
    if (this.#isDecided(name)) return
    const verdict = this.#isWithin(name) ? this.#judge(name) : 'left out'
    if (verdict === 'eligible') this.added.add(asKey(name))
    else if (verdict !== 'unknown') this.removed.set(asKey(name), name)
  }

  /** A file of the snapshot whose bytes are the same: nothing to do where it stays eligible. */
  judgeUnchanged(name: Buffer): void {
    if (this.#isDecided(name)) return
    if (!this.#isWithin(name) || this.#judge(name) === 'left out') this.removed.set(asKey(name), name)
  }

  /** A file of the snapshot, of which only matters where it is. */
  judgePlace(name: Buffer): void {
    if (!this.#isDecided(name) && !this.#isWithin(name)) this.removed.set(asKey(name), name)
  }

  /** Whether the files of this folder belong to the workspace; the folder is named as left out where they do not. */
  enters(folder: Buffer): boolean {
    const key = asKey(folder)
    const known = this.#folders.get(key)
    if (known !== undefined) return known
    const slash = folder.lastIndexOf(SLASH)
    const enters = (slash === -1 || this.enters(folder.subarray(0, slash))) && this.#isOpen(folder)
    this.#folders.set(key, enters)
    return enters
  }

  #isDecided(name: Buffer): boolean {
    if (this.added.size === 0 && this.removed.size === 0) return false
    return this.added.has(asKey(name)) || this.removed.has(asKey(name))
  }

  #isWithin(name: Buffer): boolean {
    const slash = name.lastIndexOf(SLASH)
    return slash === -1 || this.enters(name.subarray(0, slash))
  }

  /** A link in the place of a folder is never looked through (faults.md row 28); git lists the link itself. */
  #isOpen(folder: Buffer): boolean {
    const absolute = Buffer.concat([this.#root, SLASH, folder])
    if (lookAt(absolute)?.isSymbolicLink() === true) return false
    const reason = this.#nestedReason(absolute)
    if (reason !== null) this.skipped.push({ path: escapeBytes(folder), reason })
    return reason === null
  }

  #nestedReason(folder: Buffer): SkipReason | null {
    const gitEntry = Buffer.concat([folder, Buffer.from('/.git')])
    const stats = lookAt(gitEntry)
    if (stats === undefined) return null
    if (isLinkedWorktree(gitEntry)) return 'linked worktree'
    if (this.#options.nestedRepositories === 'include') return null
    const isRepository = stats.isFile() || existsSync(Buffer.concat([gitEntry, Buffer.from('/HEAD')]))
    return isRepository ? 'nested repository' : null
  }

  #judge(name: Buffer, isListed = false): Verdict['kind'] {
    const verdict = judgeFile(this.#root, name, this.#options.rules, isListed)
    if (verdict.kind === 'left out' || verdict.kind === 'unknown') this.skipped.push(verdict.skipped)
    return verdict.kind
  }
}

const SLASH = Buffer.from('/')

/** What is there, itself; undefined where nothing is, or where it cannot be looked at. */
function lookAt(path: Buffer): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}

const LONGEST_GIT_FILE = 16_384

/** Another worktree of a repository is a workspace of its own, not a part of this one. */
function isLinkedWorktree(gitEntry: Buffer): boolean {
  try {
    const stats = statSync(gitEntry)
    if (!stats.isFile() || stats.size > LONGEST_GIT_FILE) return false
    return /[\\/]worktrees[\\/][^\\/]+\s*$/.test(readFileSync(gitEntry, 'utf8'))
  } catch {
    return false
  }
}
