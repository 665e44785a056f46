import type { PushRequest } from '../push-request.js'
import type { PushReport } from '../report/report.js'
import type { Interruption } from './interruption.js'
import { type Printer, printerFor } from './print.js'
import { advance, describeProgress, NO_PROGRESS } from './progress.js'
import { renderEvent, renderReport } from './render.js'
import { statusLineFor } from './status-line.js'

/** A push that is done by then says nothing of its progress. */
const PATIENCE = 500
const REDRAWN_EVERY = 200
/** Who watches a log must see that it goes on. */
const TOLD_EVERY = 30_000

/** Runs a push for a command: tells its events and its report, and how far it is where it takes a while. */
export async function runPush(
  request: PushRequest,
  asked: { readonly json: boolean; readonly quiet: boolean },
  interruption: Interruption,
): Promise<PushReport> {
  const { push } = await import('../push.js')
  const printer = printerFor(asked.json, asked.quiet)
  const line = statusLineFor(asked)
  const around: Printer = { ...printer, note: (text) => (line === null ? printer.note(text) : line.above(text)) }
  const started = performance.now()
  let progress = NO_PROGRESS
  const timer = setInterval(
    () => {
      const now = performance.now()
      if (line === null) printer.note(`… ${describeProgress(progress, now)}`)
      else if (now - started > PATIENCE) line.show(`… ${describeProgress(progress, now)}`)
    },
    line === null ? TOLD_EVERY : REDRAWN_EVERY,
  )
  try {
    const report = await push(request, {
      signal: interruption.signal,
      onEvent: (event) => {
        progress = advance(progress, event, performance.now())
        printer.event(event)
        renderEvent(around, event)
      },
    })
    line?.end()
    printer.event(report)
    renderReport(printer, report)
    return report
  } finally {
    line?.end()
    clearInterval(timer)
  }
}
