import type { Skipped, SkipReason } from '../snapshot/eligibility.js'
import { count, formatBytes, formatDuration, printable } from '../support/text.js'
import type { PushReport } from './report.js'

export interface SummaryFacts {
  /** What the delta was made from, and why; null where nothing was tried. */
  readonly base: { readonly kind: string; readonly reason: string } | null
  /** Why nothing was uploaded on purpose; null where it was tried. */
  readonly refused: string | null
  readonly report: PushReport | null
}

const MOST_NAMES = 20

/** The job summary, in Markdown: what went, from what, and what was left out. Names cannot break out of their cells. */
export function jobSummary({ base, refused, report }: SummaryFacts): string {
  const lines = [`### ce-delta: ${headline(refused, report)}`, '']
  if (refused !== null) lines.push(`Nothing was uploaded: ${cell(refused)}.`, '')
  if (report !== null) {
    if (report.error !== null) lines.push(`**${cell(report.error.message)}** ${cell(report.error.next ?? '')}`, '')
    lines.push('| | |', '|---|---|', ...rows(report, base).map(([name, value]) => `| ${name} | ${value} |`), '')
    lines.push(...leftOut(report.skipped))
  }
  return `${lines.join('\n')}\n`
}

function headline(refused: string | null, report: PushReport | null): string {
  if (refused !== null || report === null) return 'skipped'
  if (report.outcome === 'confirmed' || report.outcome === 'unchanged') {
    const isProven = report.receiver_tree !== null && report.receiver_tree === report.tree
    return isProven ? `${report.outcome}, proven equal` : report.outcome
  }
  return report.outcome
}

function rows(report: PushReport, base: SummaryFacts['base']): [string, string][] {
  const { created, updated, deleted, moved } = report.operations
  const bytes = report.bundles.reduce((sum, bundle) => sum + bundle.bytes, 0)
  const all: [string, string | null][] = [
    ['receiver', code(report.receiver)],
    ['workspace', code(report.workspace)],
    ['commit', report.commit === null ? null : code(report.commit)],
    ['base', base === null ? null : `${base.kind}: ${cell(base.reason)}`],
    ['created / updated / deleted / moved', `${created} / ${updated} / ${deleted} / ${moved}`],
    ['bundles', `${count(report.bundles.length, 'bundle')}, ${formatBytes(bytes)}`],
    ['sequence', report.sequence === null ? null : String(report.sequence)],
    ['tree here', report.tree === null ? null : code(report.tree)],
    ['tree there', report.receiver_tree === null ? 'the receiver does not tell' : code(report.receiver_tree)],
    ['left out', count(report.skipped.length, 'file')],
    ['time', formatDuration(report.duration_ms)],
  ]
  return all.flatMap(([name, value]) => (value === null || value === '' ? [] : [[name, value]]))
}

function leftOut(skipped: readonly Skipped[]): string[] {
  if (skipped.length === 0) return []
  const byReason = new Map<SkipReason, Skipped[]>()
  for (const item of skipped) byReason.set(item.reason, [...(byReason.get(item.reason) ?? []), item])
  const lines = [...byReason].map(([reason, items]) => {
    const names = items.slice(0, MOST_NAMES).map(({ path }) => code(path))
    const more = items.length > MOST_NAMES ? ` and ${items.length - MOST_NAMES} more` : ''
    return `| ${reason} | ${items.length} | ${names.join(' ')}${more} |`
  })
  return [
    '<details><summary>left out</summary>',
    '',
    '| reason | files | |',
    '|---|---|---|',
    ...lines,
    '',
    '</details>',
  ]
}

/** Text in which nothing is Markdown or HTML. */
function cell(text: string): string {
  return printable(text).replace(/[\\`*_{}[\]<>#|~&@!]/g, (character) => `&#${character.charCodeAt(0)};`)
}

function code(text: string): string {
  return text === '' ? '' : `<code>${cell(text)}</code>`
}
