import { ratios, summary } from './measure.mjs'

/**
 * One line of the table. `measured` is a summary (median, minimum, maximum) with its unit; `pass` is null where there
 * is no target.
 * @typedef {{ what: string, target: string, measured: import('./measure.mjs').Summary | null, unit: string,
 *   detail: string, pass: boolean | null, numbers: object }} Result
 */

/**
 * Ours beside another's: the ratio of each round, and a verdict on the medians.
 * `limit` says what the other's median seconds allow us.
 */
export function compared({ what, target, ours, base, limit = null }) {
  const [mine, theirs] = [summary(ours), summary(base)]
  const allowed = limit === null ? null : limit(theirs.median)
  return {
    what,
    target,
    measured: summary(ratios(ours, base)),
    unit: '×',
    detail: `${seconds(mine.median)} : ${seconds(theirs.median)}${allowed === null ? '' : `, allowed ${seconds(allowed)}`}`,
    pass: allowed === null ? null : mine.median <= allowed,
    numbers: { ours, base, allowed },
  }
}

/** A value with a target of its own. */
export function valued({ what, target, values, unit, pass = null, detail = '', numbers = {} }) {
  return { what, target, measured: summary(values), unit, detail, pass, numbers: { values, ...numbers } }
}

export function skipped(what, why) {
  return { what, target: '', measured: null, unit: '', detail: why, pass: null, numbers: {} }
}

export function failed(what, problem) {
  return { ...skipped(what, `failed: ${problem}`), pass: false }
}

export function seconds(value) {
  return value < 1 ? `${Math.round(value * 1000)} ms` : `${value.toFixed(2)} s`
}

export function megabytes(bytes) {
  return bytes / 1e6
}

/** As Markdown, to be read in a terminal and pasted into a document. */
export function renderTable(results) {
  const lines = results.map(({ what, target, measured, unit, detail, pass }) => [
    what,
    target,
    measured === null ? '–' : renderSummary(measured, unit),
    detail,
    verdict(measured, pass),
  ])
  const head = ['what', 'target', 'measured: median [min–max]', 'medians: ours : theirs', 'verdict']
  const widths = head.map((title, column) => Math.max(title.length, ...lines.map((line) => line[column].length)))
  const row = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`
  return [row(head), row(widths.map((width) => '-'.repeat(width))), ...lines.map(row)].join('\n')
}

function verdict(measured, pass) {
  if (pass === null) return measured === null ? 'skipped' : 'no target'
  if (measured === null) return 'FAILED'
  return pass ? 'pass' : 'MISS'
}

function renderSummary({ median, min, max }, unit) {
  return `${number(median)} ${unit} [${number(min)}–${number(max)}]`
}

function number(value) {
  if (value >= 100) return Math.round(value).toLocaleString('en')
  return value >= 10 ? value.toFixed(1) : value.toFixed(2)
}
