import { appendFileSync, renameSync, statSync } from 'node:fs'
import { systemErrorCode } from './errors.js'

/** One generation; the one before is kept beside it as `.1`. */
export const MOST_LOG_BYTES = 1024 * 1024

/**
 * A log that may be written by several processes at once, and never grows beyond two generations. A line is written at
 * once, so that none is lost when the process ends. Where the folder does not exist yet, lines wait in memory for it.
 */
export class LogFile {
  readonly path: string
  #waiting = ''

  constructor(path: string) {
    this.path = path
  }

  /** Throws what the file system says, but for a folder that does not exist yet. */
  write(line: string): void {
    this.#waiting += `${new Date().toISOString()} ${process.pid} ${line}\n`
    try {
      appendFileSync(this.path, this.#waiting, { mode: 0o600 })
      this.#waiting = ''
      rotateLog(this.path, MOST_LOG_BYTES)
    } catch (thrown) {
      if (systemErrorCode(thrown) !== 'ENOENT') throw thrown
    }
  }
}

/** Whoever has the file open goes on writing into the old one; the next one begins anew. */
export function rotateLog(path: string, mostBytes: number): void {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  if (size > mostBytes) renameSync(path, `${path}.1`)
}
