import type { Explanation, FileExplanation, FolderExplanation } from '../inspect/explain.js'
import { count, formatTime, grouped, printable } from '../support/text.js'
import { type Printer, styledAnswer } from './print.js'

/** A paragraph for each path: a line for each thing that is known of it. */
export function renderExplanation(printer: Printer, explained: Explanation): void {
  const line = (name: string, value: string): void => printer.answer(`  ${name.padEnd(6)} ${value}`)
  printer.answer(styledAnswer('strong', printable(explained.path) || 'the whole workspace'))
  if (explained.kind === 'file') explainFile(explained, line)
  else explainFolder(explained, line)
  const { rule, last_push: last } = explained
  if (rule !== null) line('rule', `${printable(rule.pattern)}  (${describeSource(rule)})`)
  if (last !== null) line('last', `changed by #${last.sequence}, ${formatTime(last.confirmed_at)}`)
}

type Line = (name: string, value: string) => void

function explainFile(file: FileExplanation, line: Line): void {
  line('copy', describeVerdict(file))
  if (file.here !== null) line('here', `blob ${file.here.slice(0, 10)}`)
  line('there', `${describeThere(file)}${describeKnowledge(file)}`)
}

function describeVerdict({ here, reason, detail, rule, exists }: FileExplanation): string {
  if (here !== null)
    return styledAnswer('good', rule === null ? 'yes' : 'yes: git tracks it, so the rule does not count')
  const because = reason === null ? '' : `${reason}${describeDetail(detail)}`
  if (!exists) return `no: there is no such file${because === '' ? '' : `; it would be left out: ${because}`}`
  return because === '' ? 'no: it changed just now; ask again' : styledAnswer('careful', `no: ${because}`)
}

function describeThere({ here, there }: FileExplanation): string {
  if (there === null) return here === null ? 'not there' : 'not there yet; the next push sends it'
  if (there === here) return 'the same'
  const next = here === null ? 'the next push removes it' : 'the next push replaces it'
  return `blob ${there.slice(0, 10)}; ${next}`
}

function explainFolder(folder: FolderExplanation, line: Line): void {
  const { reason, detail, here, there } = folder
  if (reason !== null) line('copy', styledAnswer('careful', `no: ${reason}${describeDetail(detail)}`))
  line('here', `${count(here, 'file')} in the copy`)
  for (const [name, number] of Object.entries(folder.left_out)) line('', `${grouped(number)} ${name}`)
  line('there', `${count(there, 'file')}${describeKnowledge(folder)}`)
}

function describeDetail(detail: string | null): string {
  return detail === null ? '' : ` (${printable(detail)})`
}

function describeKnowledge({ there_by: by }: Explanation): string {
  return by === 'record' ? ' (as last confirmed)' : ''
}

function describeSource({ source, line }: { readonly source: string; readonly line: number | null }): string {
  return line === null ? printable(source) : `${printable(source)}:${line}`
}
