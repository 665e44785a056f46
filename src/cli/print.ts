import { styleText } from 'node:util'
import { logEvent } from './command-log.js'
import { wrapped } from './wrap.js'
import { writeLine } from './write.js'

/** Where things are printed: what a command was asked for on standard output, everything about it on standard error. */
export interface Printer {
  /** One JSON object a line. */
  event(event: object): void
  /** The answer of a command, for people. */
  answer(line: string): void
  /** What happens meanwhile, for people. */
  note(line: string): void
  /** More of that, for people who want to see every step. */
  detail(line: string): void
}

/** How a command was asked to speak. */
export interface Speech {
  readonly json: boolean
  readonly quiet: boolean
  readonly verbose: boolean
  readonly debug: boolean
}

export type Style = 'good' | 'bad' | 'careful' | 'faint' | 'strong'

const FORMATS = { good: 'green', bad: 'red', careful: 'yellow', faint: 'dim', strong: 'bold' } as const

/** Text for standard error. */
export function styled(style: Style, text: string): string {
  return wantsColours(process.stderr) ? painted(style, text) : text
}

/** Text for standard output, which may be a pipe while standard error is a terminal. */
export function styledAnswer(style: Style, text: string): string {
  return wantsColours(process.stdout) ? painted(style, text) : text
}

/** Whether the stream wants colours is for us to say: Node would look at standard output alone. */
function painted(style: Style, text: string): string {
  return styleText(FORMATS[style], text, { validateStream: false })
}

/** Colours only for a terminal that wants them (NO_COLOR, FORCE_COLOR). */
export function wantsColours(stream: NodeJS.WriteStream): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env
  return FORCE_COLOR ? FORCE_COLOR !== '0' : stream.isTTY === true && !NO_COLOR && TERM !== 'dumb'
}

/** A line that fits the terminal; whole where standard output is none. */
export function fitting(line: string): string {
  const columns = process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY
  return line.length <= columns ? line : `${line.slice(0, columns - 1)}…`
}

/** With `json`, people's words are left out: the events say the same. Every event goes to the log as well. */
export function printerFor({ json, quiet, verbose, debug }: Speech): Printer {
  return {
    event: (event) => {
      logEvent(event)
      if (json) writeLine(1, JSON.stringify(event))
    },
    answer: (line) => {
      if (!json) writeLine(1, line)
    },
    note: (line) => {
      if (!json && !quiet) writeLine(2, wrapped(line, process.stderr))
    },
    detail: (line) => {
      if (!json && !quiet && (verbose || debug)) writeLine(2, wrapped(styled('faint', `  ${line}`), process.stderr))
    },
  }
}
