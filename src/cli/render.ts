import { type OperationCounts, totalOperations } from '../delta/operation.js'
import type { PushEvent, PushReport, ReportedError } from '../report/report.js'
import { isTrouble, type Skipped } from '../snapshot/eligibility.js'
import { count, formatBytes, formatDuration, grouped, printable } from '../support/text.js'
import { type Printer, styled, styledAnswer } from './print.js'
import { renderOperation } from './render-operations.js'

/** How many names are worth a line each; the rest is counted. */
const MOST_NAMES = 10

export function renderEvent(printer: Printer, event: PushEvent): void {
  if (event.event === 'notice') printer.note(styled('careful', event.message))
  else if (event.event === 'retry') {
    const next = `Attempt ${event.attempt + 1} in ${formatDuration(event.delay_ms)}.`
    printer.note(styled('careful', `${event.message} ${next}`))
  } else printer.detail(describeStep(event))
}

type StepEvent = Exclude<PushEvent, { readonly event: 'notice' | 'retry' }>

function describeStep(event: StepEvent): string {
  switch (event.event) {
    case 'snapshot':
      return `snapshot ${shortId(event.tree)}: ${count(event.skipped, 'file')} left out, ${formatDuration(event.duration_ms)}`
    case 'delta':
      return `to send: ${describeCounts(event.operations)}`
    case 'bundle':
      return `bundle ${event.id.slice(0, 8)} for sequence ${event.sequence}: ${describeCounts(event.operations)}, ${formatBytes(event.bytes)}`
    case 'sending':
      return `bundle ${event.id.slice(0, 8)}: ${formatBytes(event.sent)} of ${formatBytes(event.bytes)} sent`
    case 'confirmed':
      return `confirmed: sequence ${event.sequence}, tree ${shortId(event.tree ?? 'not told')}`
    case 'after-push':
      return `afterPush ended with exit code ${event.exit_code} after ${formatDuration(event.duration_ms)}`
  }
}

function shortId(id: string): string {
  return id.slice(0, 10)
}

/** What a push did, at a glance: what went, how much, how long, proven or not. */
export function renderReport(printer: Printer, report: PushReport): void {
  if (report.outcome === 'dry-run') {
    renderPlan(printer, report)
    return
  }
  const time = formatDuration(report.duration_ms)
  const size = formatBytes(report.bundles.reduce((sum, { bytes }) => sum + bytes, 0))
  const volume = `${size} in ${count(report.bundles.length, 'bundle')}`
  const state = `sequence ${report.sequence ?? 0}, ${proofOf(report)}`
  if (report.outcome === 'confirmed') {
    printer.note(
      `${styled('good', '✓')} ${styled('strong', describeCounts(report.operations))} → ${state} · ${volume}, ${time}`,
    )
  } else if (report.outcome === 'unchanged') {
    printer.note(`${styled('good', '✓')} nothing to send: ${state} · ${time}`)
  } else if (report.outcome === 'queued') {
    printer.note(`${styled('careful', '…')} queued: ${describeCounts(report.operations)} · ${volume}, ${time}`)
  }
  if (report.mirror !== null && report.outcome !== 'queued') printer.note(`  mirror: ${printable(report.mirror)}`)
  renderSkipped(printer, report)
  if (report.error !== null) renderError(printer, report.error)
  if (report.fallback !== undefined) {
    printer.note('the embedded receiver got it instead:')
    renderReport(printer, report.fallback)
  }
}

export function renderError(printer: Printer, error: ReportedError): void {
  printer.note(`${styled('bad', '✗')} ${error.message}`)
  if (error.next !== null) printer.note(`  ${error.next}`)
}

function proofOf(report: PushReport): string {
  const tree = (report.tree ?? '').slice(0, 10)
  if (report.receiver_tree === null) return `tree ${tree} here (this receiver cannot tell what it holds)`
  return report.receiver_tree === report.tree ? `proven: both ends hold tree ${tree}` : 'NOT equal'
}

export function describeCounts(counts: OperationCounts): string {
  const parts = (['created', 'updated', 'deleted', 'moved'] as const).filter((kind) => counts[kind] > 0)
  if (totalOperations(counts) === 0) return 'nothing'
  return parts.map((kind) => `${grouped(counts[kind])} ${kind}`).join(', ')
}

function renderPlan(printer: Printer, report: PushReport): void {
  for (const operation of report.plan ?? []) renderOperation(printer, operation)
  for (const skipped of report.skipped) printer.answer(styledAnswer('faint', `! ${describeSkipped(skipped)}`))
  const ignored = report.skipped.filter(({ reason }) => reason === 'ignored').length
  const others = report.skipped.length - ignored
  const leftOut = [count(others, 'file'), ...(ignored === 0 ? [] : [`${grouped(ignored)} ignored`])]
  printer.note(`dry run: ${describeCounts(report.operations)} to send; left out: ${leftOut.join(', ')}`)
}

export function describeSkipped({ path, reason, detail }: Skipped): string {
  return `${printable(path)}: ${reason}${detail === undefined ? '' : ` (${detail})`}`
}

function renderSkipped(printer: Printer, report: PushReport): void {
  const { skipped } = report
  const troubles = skipped.filter(isTrouble)
  for (const trouble of troubles.slice(0, MOST_NAMES)) printer.note(styled('careful', `! ${describeSkipped(trouble)}`))
  if (troubles.length > MOST_NAMES)
    printer.note(styled('careful', `! and ${count(troubles.length - MOST_NAMES, 'more file')}`))
  const byReason = new Map<string, number>()
  for (const item of skipped) {
    if (!isTrouble(item)) byReason.set(item.reason, (byReason.get(item.reason) ?? 0) + 1)
  }
  if (byReason.size === 0 || report.outcome === 'unchanged') return
  const reasons = [...byReason].map(([reason, number]) => `${grouped(number)} ${reason}`)
  printer.note(styled('faint', `  left out: ${reasons.join(', ')} (ce-delta push --dry-run names them)`))
}
