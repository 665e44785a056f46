import { join } from 'node:path'
import { readTextIfPresent, signatureOf, writeFileDurably, writeHint } from '../support/durable-files.js'
import { asFields, parseJson } from '../support/json.js'
import { asKey } from './ignore-rules.js'
import type { IgnoredFiles } from './ignored-files.js'
import type { Shadow } from './shadow.js'

/**
 * What the last scan went by, written when everything else of it was. A hint: where it is missing or damaged, every
 * file is judged again, and git is asked for the ignored ones.
 */
export interface ScanRecord {
  /** The eligibility rules. */
  readonly rules: string
  readonly ignored: RememberedIgnored | null
}

/**
 * What git said of ignored files, with all that the answer depends on beside the `.gitignore` files. After a scan no
 * file of the snapshot is ignored but those that the user tracks, so only the files that are not in it are kept.
 */
export interface RememberedIgnored extends IgnoredBasis {
  /** Files that the user tracks although a rule matches, and that were not eligible or not there; as keys. */
  readonly waiting: readonly string[]
}

export interface IgnoredBasis {
  /** The rules of our own. */
  readonly own: string
  /** The index of the user's repository, which says what they track. */
  readonly userIndex: string
  /** The index of the shadow: the snapshot, and which `.gitignore` files git has read. */
  readonly shadowIndex: string
}

export async function readScanRecord(shadow: Shadow): Promise<ScanRecord | null> {
  const fields = asFields(parseJson((await readTextIfPresent(recordFile(shadow))) ?? ''))
  if (typeof fields?.rules !== 'string') return null
  return { rules: fields.rules, ignored: parseIgnored(fields.ignored) }
}

/** Other rules are remembered for good; the rest is not worth waiting for the disk. */
export async function writeScanRecord(shadow: Shadow, last: ScanRecord | null, record: ScanRecord): Promise<void> {
  const text = `${JSON.stringify(record)}\n`
  if (last?.rules !== record.rules) await writeFileDurably(recordFile(shadow), text)
  else if (`${JSON.stringify(last)}\n` !== text) await writeHint(recordFile(shadow), text)
}

/** What git said of ignored files, where all that it depends on beside the `.gitignore` files is the same. */
export function recall(last: ScanRecord | null, basis: IgnoredBasis): IgnoredFiles | null {
  const known = last?.ignored ?? null
  if (known === null) return null
  const { own, userIndex, shadowIndex } = basis
  if (known.own !== own || known.userIndex !== userIndex || known.shadowIndex !== shadowIndex) return null
  const forced = known.waiting.map((key) => Buffer.from(key, 'latin1'))
  return { inSnapshot: [], forced, isCertain: true, isRemembered: true }
}

/**
 * What is to be remembered of ignored files after a scan; null where git has to be asked again. That is so as well where
 * a file left the snapshot and it is not known here whether the user tracks it: it could not come back.
 */
export function waitingAfter(
  { inSnapshot, forced, isCertain, isRemembered }: IgnoredFiles,
  { added, removed }: { readonly added: Keys; readonly removed: Keys },
): string[] | null {
  if (!isCertain || (isRemembered && removed.size > 0)) return null
  const before = new Set(inSnapshot.map(asKey))
  const isInside = (key: string): boolean => added.has(key) || (before.has(key) && !removed.has(key))
  return forced.map(asKey).filter((key) => !isInside(key))
}

type Keys = Pick<ReadonlyMap<string, unknown>, 'has' | 'size'>

export async function basisNow(shadow: Shadow, own: string): Promise<IgnoredBasis> {
  const { git } = shadow.workspace
  const [userIndex, shadowIndex] = await Promise.all([
    git === null ? '' : signatureOf([join(git.gitDirectory, 'index')]),
    indexSignature(shadow),
  ])
  return { own, userIndex, shadowIndex }
}

export async function indexSignature(shadow: Shadow): Promise<string> {
  return await signatureOf([join(shadow.directory, 'index')])
}

function recordFile(shadow: Shadow): string {
  return join(shadow.directory, 'scan')
}

function parseIgnored(value: unknown): RememberedIgnored | null {
  const fields = asFields(value)
  const { own, userIndex, shadowIndex, waiting } = fields ?? {}
  if (typeof own !== 'string' || typeof userIndex !== 'string' || typeof shadowIndex !== 'string') return null
  if (!Array.isArray(waiting) || !waiting.every((name) => typeof name === 'string')) return null
  return { own, userIndex, shadowIndex, waiting }
}
