import { totalOperations } from '../delta/operation.js'
import type { LoggedPush } from '../inspect/log.js'
import { formatBytes, formatDuration, formatTime } from '../support/text.js'
import { fitting, type Printer, styledAnswer } from './print.js'
import { describeCounts } from './render.js'

type Push = Omit<LoggedPush, 'event'>

/** A few short lines for a push, which fit a narrow terminal. */
export function renderPush(printer: Printer, push: Push): void {
  const { sequence, id, confirmed_at: time, trigger, tree } = push
  printer.answer(`${styledAnswer('strong', `#${sequence}`)}  ${formatTime(time)}  ${trigger ?? ''}`.trimEnd())
  printer.answer(`  ${describePush(push)}`)
  const cost = describeCost(push)
  if (cost !== '') printer.answer(`  ${cost}`)
  printer.answer(styledAnswer('faint', `  tree ${tree.slice(0, 10)}${id === null ? '' : `, bundle ${id.slice(0, 8)}`}`))
}

export function renderPushLine(printer: Printer, push: Push, width: number): void {
  const number = `#${push.sequence}`.padEnd(width + 1)
  const facts = [formatTime(push.confirmed_at), describePush(push), describeCost(push), push.trigger ?? '']
  printer.answer(fitting(`${number} ${facts.filter((fact) => fact !== '').join(' · ')}`))
}

/** Without operations nothing was sent: the receiver had it by another way. */
function describePush({ operations }: Push): string {
  return totalOperations(operations) === 0 ? 'already there' : describeCounts(operations)
}

function describeCost({ operations, bytes, duration_ms: duration }: Push): string {
  const size = totalOperations(operations) === 0 ? [] : [formatBytes(bytes)]
  return [...size, ...(duration === null ? [] : [formatDuration(duration)])].join(', ')
}
