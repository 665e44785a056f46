import { writeSync } from 'node:fs'
import { styleText } from 'node:util'
import { systemErrorCode } from '../support/errors.js'

/** Where things are printed: what a command was asked for on standard output, everything about it on standard error. */
export interface Printer {
  /** One JSON object a line. */
  event(event: object): void
  /** The answer of a command, for people. */
  answer(line: string): void
  /** What happens meanwhile, for people. */
  note(line: string): void
}

export type Style = 'good' | 'bad' | 'careful' | 'faint' | 'strong'

const FORMATS = { good: 'green', bad: 'red', careful: 'yellow', faint: 'dim', strong: 'bold' } as const

/** Text for standard error. */
export function styled(style: Style, text: string): string {
  return wantsColours(process.stderr) ? styleText(FORMATS[style], text) : text
}

/** Text for standard output, which may be a pipe while standard error is a terminal. */
export function styledAnswer(style: Style, text: string): string {
  return wantsColours(process.stdout) ? styleText(FORMATS[style], text) : text
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

/** With `json`, people's words are left out: the events say the same. */
export function printerFor(json: boolean, quiet: boolean): Printer {
  return {
    event: (event) => {
      if (json) writeLine(1, JSON.stringify(event))
    },
    answer: (line) => {
      if (!json) writeLine(1, line)
    },
    note: (line) => {
      if (!json && !quiet) writeLine(2, line)
    },
  }
}

/** Writes at once, so that nothing is lost when the process ends. That nobody reads it is no failure (faults.md row 13). */
export function writeLine(descriptor: 1 | 2, line: string): void {
  writeBytes(descriptor, Buffer.from(`${line}\n`))
}

/** Like {@link writeLine}, for what is not text. Returns false where nobody reads any more. */
export function writeBytes(descriptor: 1 | 2, bytes: Uint8Array): boolean {
  let rest = bytes
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest))
    } catch (thrown) {
      const code = systemErrorCode(thrown)
      // A pipe that is full just now: its reader is slower than we are.
      if (code === 'EAGAIN') continue
      if (code === 'EPIPE' || code === 'EBADF') return false
      throw thrown
    }
  }
  return true
}
