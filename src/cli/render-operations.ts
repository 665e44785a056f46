import type { ReportedOperation } from '../report/report.js'
import { printable } from '../support/text.js'
import { type Printer, styledAnswer } from './print.js'

const SIGNS = { created: '+', updated: '~', deleted: '-', moved: '→' } as const
const STYLES = { created: 'good', updated: 'careful', deleted: 'bad', moved: 'strong' } as const

/** One line for each operation, as a push would carry it out. */
export function renderOperation(printer: Printer, operation: ReportedOperation): void {
  const { operation: kind } = operation
  printer.answer(styledAnswer(STYLES[kind], `${SIGNS[kind]} ${describeOperation(operation)}`))
}

function describeOperation({ path, source_path: source }: ReportedOperation): string {
  return source === undefined ? printable(path) : `${printable(source)} → ${printable(path)}`
}
