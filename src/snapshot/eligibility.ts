import { closeSync, fstatSync, lstatSync, readFileSync, readSync, type Stats } from 'node:fs'
import { systemErrorCode } from '../support/errors.js'
import { asFields } from '../support/json.js'
import { pathProblem } from '../support/paths.js'
import { decodeUtf8, escapeBytes } from '../support/text.js'
import { OPENS_NO_LINKS, openFile } from './open-file.js'
import type { SecretScan } from './secret-scan.js'
import type { NameMatcher } from './secrets.js'

/** Why a file is not part of the snapshot. */
const SKIP_REASONS = [
  'ignored',
  'symbolic link',
  'not a regular file',
  'too large',
  'binary',
  'secret by name',
  'secret by content',
  'linked worktree',
  'nested repository',
  'submodule without files',
  'unreadable',
  'name is not UTF-8',
  'name cannot be carried',
  'not possible at this receiver',
] as const

export type SkipReason = (typeof SKIP_REASONS)[number]

export interface Skipped {
  /** Bytes that are not UTF-8 are written as `\xNN`. */
  readonly path: string
  readonly reason: SkipReason
  readonly detail?: string
}

export function isSkipped(value: unknown): value is Skipped {
  const fields = asFields(value)
  return fields !== null && typeof fields.path === 'string' && SKIP_REASONS.some((reason) => reason === fields.reason)
}

/** Reasons that mean "the copy may lack something that you wanted": exit code 3. The others are rules at work. */
const TROUBLES: ReadonlySet<SkipReason> = new Set<SkipReason>([
  'unreadable',
  'name is not UTF-8',
  'name cannot be carried',
  'not possible at this receiver',
])

export function isTrouble(skipped: Skipped): boolean {
  return TROUBLES.has(skipped.reason)
}

export interface EligibilityRules {
  readonly maxFileBytes: number
  readonly binaries: boolean
  readonly isSecret: NameMatcher
  readonly secretScan: SecretScan
}

export type Verdict =
  | { readonly kind: 'eligible'; readonly path: string }
  | { readonly kind: 'left out'; readonly skipped: Skipped }
  /** It could not be looked at; what the snapshot has of it stays (faults.md rows 29, 30). */
  | { readonly kind: 'unknown'; readonly skipped: Skipped }
  | { readonly kind: 'absent' }

/** A NUL this early in a file marks it as binary. */
const BINARY_PROBE_BYTES = 8000

/** Most files of source code are read whole by one call. */
const probe = Buffer.allocUnsafe(1 << 16)

/**
 * Judges a file of the work tree by its name, its kind, its size and its first bytes. Never follows a symbolic link
 * and never blocks on a FIFO (rows 32, 33). `root` and `name` are bytes, because names are not always text. What git has
 * just listed as a file (`isListed`) is opened without a look at what it is: a pipe or a device would notice that.
 */
export function judgeFile(root: Buffer, name: Buffer, rules: EligibilityRules, isListed = false): Verdict {
  const path = decodeUtf8(name)
  if (path === null) return leftOut(escapeBytes(name), 'name is not UTF-8')
  const byName = judgeName(path, rules)
  if (byName !== null) return { kind: 'left out', skipped: byName }
  const absolute = Buffer.concat([root, SLASH, name])
  const isOpenedFirst = isListed && OPENS_NO_LINKS
  try {
    const byKind = isOpenedFirst ? null : judgeKind(path, lstatSync(absolute), rules)
    return byKind ?? judgeOpened(path, absolute, rules)
  } catch (thrown) {
    // What cannot be opened may be left out for what it is, all the same.
    return isOpenedFirst ? judgeFile(root, name, rules) : judgeFailure(path, thrown)
  }
}

const SLASH = Buffer.from('/')

/** The part of the judgement that needs no file: used for commits too. Returns null where the name is no obstacle. */
export function judgeName(path: string, rules: EligibilityRules): Skipped | null {
  const problem = pathProblem(path)
  if (problem !== null) return { path, reason: 'name cannot be carried', detail: problem }
  return rules.isSecret(path) ? { path, reason: 'secret by name' } : null
}

/** Judges by size; returns null where the size is no obstacle. */
export function judgeSize(path: string, bytes: number, rules: EligibilityRules): Skipped | null {
  return bytes > rules.maxFileBytes ? { path, reason: 'too large', detail: `${bytes} bytes` } : null
}

/** Judges by the whole content; returns null where no credential is in it. */
export function judgeSecrets(path: string, content: Buffer, rules: EligibilityRules): Skipped | null {
  const detail = rules.secretScan.judge(path, content)
  return detail === null ? null : { path, reason: 'secret by content', detail }
}

export function isBinary(start: Buffer): boolean {
  return start.subarray(0, BINARY_PROBE_BYTES).includes(0)
}

function judgeKind(path: string, stats: Stats, rules: EligibilityRules): Verdict | null {
  if (stats.isSymbolicLink()) return leftOut(path, 'symbolic link')
  if (stats.isDirectory()) return { kind: 'absent' }
  if (!stats.isFile()) return leftOut(path, 'not a regular file')
  const skipped = judgeSize(path, stats.size, rules)
  return skipped === null ? null : { kind: 'left out', skipped }
}

/** Opens the file even where its bytes do not matter, so that an unreadable one is found here and not later by git. */
function judgeOpened(path: string, absolute: Buffer, rules: EligibilityRules): Verdict {
  const file = openFile(absolute)
  try {
    return judgeKind(path, fstatSync(file), rules) ?? judgeContent(path, file, rules)
  } finally {
    closeSync(file)
  }
}

function judgeContent(path: string, file: number, rules: EligibilityRules): Verdict {
  const length = readSync(file, probe, 0, probe.length, 0)
  if (!rules.binaries && isBinary(probe.subarray(0, length))) return leftOut(path, 'binary')
  const content = (): Buffer => (length < probe.length ? probe.subarray(0, length) : readFileSync(file))
  const skipped = rules.secretScan.isOn ? judgeSecrets(path, content(), rules) : null
  return skipped === null ? { kind: 'eligible', path } : { kind: 'left out', skipped }
}

function judgeFailure(path: string, thrown: unknown): Verdict {
  const code = systemErrorCode(thrown)
  if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'absent' }
  if (code === 'ELOOP') return leftOut(path, 'symbolic link')
  if (code === undefined) throw thrown
  return { kind: 'unknown', skipped: { path, reason: 'unreadable', detail: code } }
}

function leftOut(path: string, reason: SkipReason): Verdict {
  return { kind: 'left out', skipped: { path, reason } }
}
