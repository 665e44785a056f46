import type { Difference, VerifyReport } from '../inspect/verify.js'
import { count, printable } from '../support/text.js'
import { type Printer, styled, styledAnswer } from './print.js'

const STYLES = { 'missing there': 'good', differs: 'careful', 'only there': 'bad' } as const

/** A line for each file that differs, then the verdict, and how it is known. */
export function renderVerification(printer: Printer, report: VerifyReport): void {
  for (const { difference, path } of report.differences) {
    printer.answer(`${styledAnswer(STYLES[difference], difference.padEnd(13))} ${printable(path)}`)
  }
  printer.note(describeVerdict(report))
  printer.note(styled('faint', `  ${describeKnowledge(report)}`))
  const next = NEXT[report.verdict]
  if (next !== null) printer.note(`  ${next}`)
}

const NEXT = {
  equal: null,
  pending: 'ce-delta push sends them.',
  different: 'ce-delta verify --repair makes it equal.',
  unknown: 'ce-delta verify --repair sends everything.',
} as const

function describeVerdict({ verdict, differences, files, sequence }: VerifyReport): string {
  if (verdict === 'equal') {
    return `${styled('good', '✓')} ${styled('strong', `equal: ${count(files, 'file')}`)}, sequence ${sequence}`
  }
  if (verdict === 'pending') {
    const why = sequence === 0 ? 'nothing was pushed yet' : 'changed here since the last push'
    return `${styled('careful', '…')} ${describe(differences)}: ${why}`
  }
  if (verdict === 'different') return `${styled('bad', '✗')} NOT equal: ${describe(differences)}`
  return `${styled('bad', '✗')} it cannot be told what the receiver holds: at sequence ${sequence} it is not at what was confirmed`
}

function describe(differences: readonly Difference[]): string {
  return count(differences.length, 'difference')
}

function describeKnowledge({ by, there }: VerifyReport): string {
  const tree = there.slice(0, 10)
  if (by === 'listing') return `by its own listing: tree ${tree}`
  if (by === 'tree') return `by the tree that it names: ${tree}`
  return `by the record of what was confirmed: tree ${tree}\n  (this receiver cannot list what it holds)`
}
