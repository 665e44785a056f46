import type { PushContext, PushRequest } from '../push-request.js'
import type { PushEvent, PushReport } from '../report/report.js'
import { keepLog } from './command-log.js'
import { type Printer, printerFor, type Speech } from './print.js'
import { advance, describeProgress, NO_PROGRESS } from './progress.js'
import { renderEvent, renderReport } from './render.js'
import { statusLineFor } from './status-line.js'

/** A push that is done by then says nothing of its progress. */
const PATIENCE = 500
const REDRAWN_EVERY = 200
/** Who watches a log must see that it goes on. */
const TOLD_EVERY = 30_000

/** Runs a push for a command: tells its events and its report, and how far it is where it takes a while. */
export async function runPush(request: PushRequest, speech: Speech, signal: AbortSignal): Promise<PushReport> {
  const { push } = await import('../push.js')
  keepLog(request.workspace.stateDirectory, speech.debug)
  const report = await withProgress(speech, signal, async (context) => await push(request, context))
  const printer = printerFor(speech)
  printer.event(report)
  renderReport(printer, report)
  if (report.outcome === 'queued') printer.note('  What was queued is kept here; the next push sends it.')
  return report
}

/** Tells the events of a piece of work, and how far it is where it takes a while. */
export async function withProgress<Result>(
  speech: Speech,
  signal: AbortSignal,
  work: (context: PushContext) => Promise<Result>,
): Promise<Result> {
  const printer = printerFor(speech)
  const line = statusLineFor(speech)
  const around: Printer = { ...printer, note: (text) => (line === null ? printer.note(text) : line.above(text)) }
  const started = performance.now()
  let progress = NO_PROGRESS
  const timer = setInterval(
    () => {
      const now = performance.now()
      if (line === null) printer.note(`… ${describeProgress(progress, now)}`)
      else if (now - started > PATIENCE) line.show(`… ${describeProgress(progress, now, process.stderr.columns)}`)
    },
    line === null ? TOLD_EVERY : REDRAWN_EVERY,
  )
  const onEvent = (event: PushEvent): void => {
    progress = advance(progress, event, performance.now())
    printer.event(event)
    renderEvent(around, event)
  }
  try {
    return await work({ signal, onEvent })
  } finally {
    line?.end()
    clearInterval(timer)
  }
}
