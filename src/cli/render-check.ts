import { printable } from '../support/text.js'
import type { Check } from './doctor/check.js'
import { type Printer, styledAnswer } from './print.js'
import { wrapped } from './wrap.js'

const SIGNS = { pass: ['good', '✓'], warn: ['careful', '!'], fail: ['bad', '✗'] } as const

/** Behind the sign and the name of what was looked at. */
const INDENT = 16

/** A line for what was looked at, and one for what to do. */
export function renderCheck(printer: Printer, { name, level, message, fix }: Check): void {
  const [style, sign] = SIGNS[level]
  const say = (line: string): void => printer.answer(wrapped(line, process.stdout, INDENT))
  say(`${styledAnswer(style, sign)} ${name.padEnd(INDENT - 2)}${printable(message)}`)
  if (fix !== null) say(`${' '.repeat(INDENT)}${printable(fix)}`)
}
