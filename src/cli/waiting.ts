import { type Printer, printerFor, type Speech } from './print.js'
import { type StatusLine, statusLineFor } from './status-line.js'

/** What is done by then says nothing of how far it is. */
const PATIENCE = 500
const REDRAWN_EVERY = 200
/** Who watches a log must see that it goes on. */
const TOLD_EVERY = 30_000

/** Where it is told that something takes a while: the last line of a terminal, or, where there is none, a log. */
export interface Telling {
  readonly line: StatusLine | null
  readonly printer: Printer
}

/** How far it is, in words: `now` in milliseconds of `performance.now()`, and how wide the terminal is. */
export type Describe = (now: number, columns?: number) => string

/** Does a piece of work, and says how far it is where that takes a while. */
export async function whileTelling<Result>(
  { line, printer }: Telling,
  describe: Describe,
  work: () => Promise<Result>,
): Promise<Result> {
  const started = performance.now()
  const tell = (): void => {
    const now = performance.now()
    if (line === null) printer.note(`… ${describe(now)}`)
    else if (now - started > PATIENCE) line.show(`… ${describe(now, process.stderr.columns)}`)
  }
  const timer = setInterval(tell, line === null ? TOLD_EVERY : REDRAWN_EVERY)
  try {
    return await work()
  } finally {
    line?.end()
    clearInterval(timer)
  }
}

/** The same for work of which it is known only what it is. */
export async function whileWaiting<Result>(speech: Speech, what: string, work: () => Promise<Result>): Promise<Result> {
  return await whileTelling({ line: statusLineFor(speech), printer: printerFor(speech) }, () => what, work)
}
