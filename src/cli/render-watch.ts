import type { PushReport, ReportedError } from '../report/report.js'
import { isTrouble } from '../snapshot/eligibility.js'
import { formatBytes, formatDuration, formatTime, printable } from '../support/text.js'
import type { LastPush, WatchEvent, WatchState } from '../triggers/watch/events.js'
import type { ShownStatus } from '../triggers/watch/parse-status.js'
import { type Printer, styled } from './print.js'
import { describeCounts, describeSkipped } from './render.js'
import type { StatusLine } from './status-line.js'
import { wrapped } from './wrap.js'

const WORDS: Readonly<Record<WatchState, string>> = {
  pushing: '… pushing',
  equal: '● equal',
  changed: '… changed',
  'waiting for git': '… waiting for git',
  retrying: '✗ not delivered, trying again',
  stopped: '✗ stopped until something changes',
  paused: '‖ paused',
  'root gone': '✗ the root is gone',
}

/**
 * A watch for people. On a terminal one line lives at the bottom and says how it is, and only what must not be missed
 * stays above it; elsewhere every push that sent something is a line of a log.
 */
export class WatchRenderer {
  readonly #printer: Printer
  readonly #line: StatusLine | null
  #last: LastPush | null = null
  #state: WatchState = 'pushing'
  #isPending = true
  #notices = new Set<string>()
  #leftOut = ''

  /** `line`: of the terminal; null where there is none. */
  constructor(printer: Printer, line: StatusLine | null) {
    this.#printer = printer
    this.#line = line
  }

  event(event: WatchEvent): void {
    switch (event.event) {
      case 'watching':
        if (event.sight.by === 'polling') this.#keep(styled('careful', `polling: ${event.sight.reason}`))
        else if (this.#line === null) this.#keep(`watching ${printable(event.root)}`)
        break
      case 'state':
        this.#state = event.state
        this.#isPending = event.pending
        this.#show()
        break
      case 'report':
        this.#report(event)
        break
      case 'notice':
        if (!this.#notices.has(event.message)) this.#keep(styled('careful', event.message))
        this.#notices.add(event.message)
        break
      case 'trouble':
        for (const line of troubleLines(event.error)) this.#keep(line)
        break
      case 'recovered':
        this.#keep(`${styled('good', '✓')} it works again, after ${formatDuration(event.duration_ms)}`)
        break
      case 'look':
        if (this.#line === null) this.#keep(`looking again: ${event.reason}`)
        break
      case 'watch-ended':
        this.#line?.end()
        this.#printer.note(endLine(event.pending, event.last_push))
        break
    }
  }

  #report(report: PushReport): void {
    const { outcome, sequence, tree, operations, duration_ms, error } = report
    const leftOut = report.skipped.filter(isTrouble).map(describeSkipped).join('\n')
    if (leftOut !== '' && leftOut !== this.#leftOut)
      this.#keep(styled('careful', `! ${leftOut.replaceAll('\n', '\n! ')}`))
    this.#leftOut = leftOut
    if (error !== null || (outcome !== 'confirmed' && outcome !== 'unchanged')) return
    const isFirst = this.#last === null
    if (outcome === 'confirmed' || isFirst)
      this.#last = { at: new Date().toISOString(), outcome, sequence, tree, operations, duration_ms }
    if (this.#line === null && (outcome === 'confirmed' || isFirst)) this.#keep(pushLine(report))
    if (this.#line !== null && isFirst && report.mirror !== null) this.#keep(`mirror: ${printable(report.mirror)}`)
  }

  #show(): void {
    const last = this.#last
    const number = last === null || last.sequence === null ? [] : [`sequence ${last.sequence}`]
    const sent =
      last?.outcome === 'confirmed' ? [`last push ${clock(new Date(last.at))}: ${describeCounts(last.operations)}`] : []
    const pending = this.#state === 'paused' && this.#isPending ? ['something is pending'] : []
    this.#line?.show([WORDS[this.#state], ...pending, ...number, ...sent].join(' · '))
  }

  #keep(line: string): void {
    if (this.#line === null) this.#printer.note(`${clock(new Date())} ${line}`)
    else this.#line.above(wrapped(line, process.stderr))
  }
}

function pushLine(report: PushReport): string {
  const { operations, sequence, tree, receiver_tree, bundles } = report
  const proof = receiver_tree !== null && receiver_tree === tree ? 'proven' : 'confirmed'
  const size = formatBytes(bundles.reduce((sum, { bytes }) => sum + bytes, 0))
  const sent = report.outcome === 'confirmed' ? describeCounts(operations) : 'equal'
  const volume = bundles.length === 0 ? '' : `${size}, `
  return `${styled('good', '✓')} ${sent} → sequence ${sequence ?? 0}, ${proof} · ${volume}${formatDuration(report.duration_ms)}`
}

function troubleLines({ message, next }: ReportedError): string[] {
  return [`${styled('bad', '✗')} ${message}`, ...(next === null ? [] : [`  ${next}`])]
}

function endLine(pending: boolean, lastPush: LastPush | null): string {
  if (pending) return styled('careful', 'ended; something is pending: the next push sends it')
  const sequence = lastPush?.sequence ?? null
  return `ended; nothing is pending${sequence === null ? '' : `: sequence ${sequence}`}`
}

/** `watch --status` for people. */
export function renderWatchStatus(printer: Printer, status: ShownStatus): void {
  const { sight, last_push, trouble } = status
  const by = sight === null ? 'not looking yet' : sight.reason === undefined ? sight.by : `${sight.by}: ${sight.reason}`
  const push =
    last_push === null
      ? 'none yet'
      : `${formatTime(last_push.at)}, ${describeCounts(last_push.operations)}, sequence ${last_push.sequence ?? 0}`
  printer.answer(`watching   ${printable(status.root)} (process ${status.pid}, since ${formatTime(status.since)})`)
  printer.answer(`receiver   ${printable(status.receiver ?? 'not asked yet')}`)
  printer.answer(`by         ${printable(by)}`)
  printer.answer(`state      ${printable(status.state)}${status.pending ? ', something is pending' : ''}`)
  printer.answer(`last push  ${push}; ${status.pushes} since the start sent something`)
  if (trouble === null) return
  printer.answer(`trouble    ${printable(trouble.error.message)} (since ${formatTime(trouble.since)})`)
  if (trouble.error.next !== null) printer.answer(`           ${printable(trouble.error.next)}`)
}

function clock(time: Date): string {
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':')
}
