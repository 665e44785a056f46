import { afterEach, expect, jest, test } from '@jest/globals'
import type { Printer } from '../../src/cli/print.js'
import { StatusLine } from '../../src/cli/status-line.js'
import { whileTelling } from '../../src/cli/waiting.js'

afterEach(() => {
  jest.useRealTimers()
})

/** Does work of so many milliseconds, and returns all that was written meanwhile. */
async function toldDuring(milliseconds: number, isTerminal: boolean): Promise<string> {
  jest.useFakeTimers()
  let written = ''
  const write = (text: string): void => {
    written += text
  }
  const ignore = (): void => undefined
  const printer: Printer = { event: ignore, answer: ignore, detail: ignore, note: (text) => write(`${text}\n`) }
  const line = isTerminal ? new StatusLine(write, () => 80) : null
  const work = async (): Promise<string> => await new Promise((done) => setTimeout(done, milliseconds, 'done'))
  const result = whileTelling({ line, printer }, () => 'looking', work)
  await jest.advanceTimersByTimeAsync(milliseconds)
  expect(await result).toBe('done')
  return written
}

test.each([
  ['a short while on a terminal', 400, true, ''],
  ['a while on a terminal, which is clean again afterwards', 900, true, '\r\u001b[2K… looking\r\u001b[2K'],
  ['a while where there is none', 20_000, false, ''],
  ['long where there is none', 65_000, false, '… looking\n… looking\n'],
])('what takes %s', async (_, milliseconds, isTerminal, told) => {
  expect(await toldDuring(milliseconds, isTerminal)).toBe(told)
})
