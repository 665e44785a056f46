import type { Speech } from './print.js'
import { writeBytes } from './write.js'

const CLEAR = '\r\u001b[2K'

/** The last line of a terminal, which is written again and again; other lines go above it. */
export class StatusLine {
  readonly #write: (text: string) => void
  readonly #columns: () => number
  #text = ''

  constructor(write: (text: string) => void, columns: () => number) {
    this.#write = write
    this.#columns = columns
  }

  show(text: string): void {
    if (text === this.#text) return
    this.#text = text
    this.#write(CLEAR + this.#fitting(text))
  }

  /** A line that stays. */
  above(line: string): void {
    this.#write(`${CLEAR}${line}\n${this.#fitting(this.#text)}`)
  }

  end(): void {
    if (this.#text !== '') this.#write(CLEAR)
    this.#text = ''
  }

  /** One that is longer than the terminal is wide would go on in the next, and stay there. */
  #fitting(text: string): string {
    const width = this.#columns()
    return text.length < width ? text : `${text.slice(0, width - 2)}…`
  }
}

/** The last line of this terminal; null where standard error is none, or nothing, or everything, is to be said there. */
export function statusLineFor({ json, quiet, debug }: Speech): StatusLine | null {
  if (json || quiet || debug || process.stderr.isTTY !== true || process.env.TERM === 'dumb') return null
  return new StatusLine(
    (text) => writeBytes(2, Buffer.from(text)),
    () => process.stderr.columns ?? 80,
  )
}
