import type { PushContext, PushRequest } from '../push-request.js'
import type { PushEvent, PushReport } from '../report/report.js'
import { keepLog } from './command-log.js'
import { type Printer, printerFor, type Speech } from './print.js'
import { advance, describeProgress, NO_PROGRESS } from './progress.js'
import { renderEvent, renderReport } from './render.js'
import { statusLineFor } from './status-line.js'
import { type Describe, whileTelling } from './waiting.js'
import { wrapped } from './wrap.js'

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
  const around: Printer = {
    ...printer,
    note: (text) => (line === null ? printer.note(text) : line.above(wrapped(text, process.stderr))),
  }
  let progress = NO_PROGRESS
  const onEvent = (event: PushEvent): void => {
    progress = advance(progress, event, performance.now())
    printer.event(event)
    renderEvent(around, event)
  }
  const describe: Describe = (now, columns) => describeProgress(progress, now, columns)
  return await whileTelling({ line, printer }, describe, async () => await work({ signal, onEvent }))
}
