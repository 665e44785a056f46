import { lstatSync, type Stats } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { snapshotOptions } from '../preparation.js'
import { judgeFile, type Skipped, type SkipReason } from '../snapshot/eligibility.js'
import { findIgnoreRule, type IgnoreRule } from '../snapshot/rule-origin.js'
import type { Snapshot } from '../snapshot/scan.js'
import { SECRET_NAMES, secretMatcher } from '../snapshot/secrets.js'
import { systemErrorCode } from '../support/errors.js'
import { parentsOf } from '../support/paths.js'
import type { View } from './view.js'

export interface Why {
  readonly reason: SkipReason | null
  readonly detail: string | null
  readonly rule: IgnoreRule | null
}

const NO_REASON: Why = { reason: null, detail: null, rule: null }

/** Asks in the order in which a scan decides: links above, ignore rules, folders left out as a whole, the file itself. */
export async function whyLeftOut(view: View, snapshot: Snapshot, path: string, isEligible: boolean): Promise<Why> {
  if (path === '' || view.workspace.kind === 'bare') return NO_REASON
  const link = parentsOf(path).find((parent) => isLink(view, parent))
  if (link !== undefined) return { ...NO_REASON, reason: 'symbolic link', detail: `${link} is one` }
  const rule = placed(view, await findIgnoreRule(view.shadow, path, view.config.exclude))
  if (isEligible) return { ...NO_REASON, rule }
  if (rule !== null) return { reason: 'ignored', detail: null, rule }
  const skipped = snapshot.skipped.find((item) => covers(item, path)) ?? judge(view, path)
  if (skipped === null) return NO_REASON
  const { reason, detail = null } = skipped
  return {
    reason,
    detail: detailOf(view, skipped) ?? detail,
    rule: reason === 'secret by name' ? secretRule(view, path) : null,
  }
}

/** Where a rule was written, as people look for it. */
function placed({ workspace, config }: View, rule: IgnoreRule | null): IgnoreRule | null {
  if (rule === null) return null
  const file = rule.source === 'exclude' ? config.file : rule.source
  const inside = file === null ? 'the configuration' : relative(workspace.root, resolve(workspace.root, file))
  const place = file !== null && inside.startsWith('..') ? file : inside
  return { ...rule, source: rule.source === 'exclude' ? `exclude in ${place}` : place }
}

/** A folder that is left out as a whole may be named with a slash at the end. */
function covers(skipped: Skipped, path: string): boolean {
  const folder = skipped.path.replace(/\/$/, '')
  return folder === path || path.startsWith(`${folder}/`)
}

function judge({ workspace, config }: View, path: string): Skipped | null {
  const verdict = judgeFile(Buffer.from(workspace.root), Buffer.from(path), snapshotOptions(config).rules)
  return verdict.kind === 'left out' || verdict.kind === 'unknown' ? verdict.skipped : null
}

function detailOf({ config }: View, { reason, detail }: Skipped): string | null {
  return reason === 'too large' ? `${detail ?? ''}, maxFileSize is ${config.maxFileBytes} bytes` : null
}

/** The name that marks the file as a secret: one of the configuration's, or one that is built in. */
function secretRule({ config }: View, path: string): IgnoreRule | null {
  const pattern = config.secretNames.find((name) => secretMatcher([name], config.allowedNames)(path))
  if (pattern === undefined) return null
  return { pattern, source: SECRET_NAMES.includes(pattern) ? 'built in' : 'secrets.names', line: null }
}

/** What stands at a path; null for nothing, `hidden` where a folder above it cannot be looked into. */
export function standingAt({ workspace }: View, path: string): Stats | 'hidden' | null {
  try {
    return lstatSync(join(workspace.root, path), { throwIfNoEntry: false }) ?? null
  } catch (thrown) {
    if (systemErrorCode(thrown) === 'EACCES') return 'hidden'
    throw thrown
  }
}

function isLink(view: View, path: string): boolean {
  const standing = standingAt(view, path)
  return standing !== null && standing !== 'hidden' && standing.isSymbolicLink()
}
