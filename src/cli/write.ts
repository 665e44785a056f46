import { writeSync } from 'node:fs'
import { systemErrorCode } from '../support/errors.js'

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
