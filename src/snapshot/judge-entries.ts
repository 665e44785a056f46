import { blobSizes, readWholeBlobs } from '../support/git-objects.js'
import { decodeUtf8, escapeBytes } from '../support/text.js'
import type { TreeEdit } from './changed-tree.js'
import { type EligibilityRules, isBinary, judgeName, judgeSecrets, judgeSize, type Skipped } from './eligibility.js'
import { asKey } from './ignore-rules.js'
import type { SnapshotOptions } from './scan.js'
import type { Shadow } from './shadow.js'

/** An entry of the new tree that differs from the old one; without a blob it is gone. */
export interface ChangedEntry {
  readonly name: Buffer
  readonly mode: string
  readonly blob: string | null
}

export interface JudgedEntries {
  /** What leaves the snapshot, then what enters it. */
  readonly edits: readonly TreeEdit[]
  readonly skipped: readonly Skipped[]
}

/** Decides, by their names, sizes and contents in git, which entries are part of the snapshot. `ignored` are keys ({@link asKey}). */
export async function judgeEntries(
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
  const removals = entries.map(({ name }) => ({ name, blob: null }))
  return { edits: [...removals, ...contents.eligible], skipped: [...skipped, ...contents.skipped] }
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
  // None is larger than the largest file that is eligible.
  const contents = readWholeBlobs(
    shadow.repository,
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
