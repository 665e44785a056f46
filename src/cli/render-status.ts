import type { StatusReport } from '../status.js'
import { count, formatBytes, formatTime, printable } from '../support/text.js'
import { type Printer, styledAnswer } from './print.js'
import { describeCounts } from './render.js'
import { AMBIGUOUS, describeLogin, isAmbiguous } from './render-identity.js'

/** Both ends, side by side: a line for each thing that is known. */
export function renderStatus(printer: Printer, report: StatusReport): void {
  const { here, there, pending } = report
  const line = (name: string, value: string): void => printer.answer(`${name.padEnd(11)}${value}`)
  line('workspace', printable(report.workspace))
  if (isAmbiguous(report)) line('', styledAnswer('careful', `${AMBIGUOUS} (--pinned)`))
  line('receiver', report.receiver)
  if (report.login !== null) line('login', describeLogin(report.login))
  line('here', here === null ? 'a push is running right now' : `tree ${here.tree.slice(0, 10)}`)
  if (there.error !== null) line('there', styledAnswer('bad', there.error.message))
  else if (there.sequence === 0) line('there', 'nothing yet')
  else
    line(
      'there',
      `tree ${there.tree?.slice(0, 10) ?? 'unknown'}, sequence ${there.sequence}, since ${describeTime(there.last_upload)}`,
    )
  if (there.dialect !== null && there.dialect !== 'ce-delta')
    line('dialect', `${there.dialect}: ${there.dialect_summary}`)
  if (there.mirror !== null) line('mirror', printable(there.mirror))
  line('pending', describePending(pending))
  const failure = report.background_failure
  if (failure !== null)
    line('background', styledAnswer('bad', `${formatTime(failure.at)}: ${failure.message} ${failure.next ?? ''}`))
  line('equal', describeEquality(report.equal))
}

function describeTime(time: string | null): string {
  return time === null ? 'an unknown time' : formatTime(time)
}

function describePending({ operations, bundles, bytes, attempted }: StatusReport['pending']): string {
  const waiting =
    bundles === 0
      ? ''
      : `${count(bundles, 'bundle')} in the outbox (${formatBytes(bytes)}${attempted ? ', sent but not confirmed' : ''})`
  const changes = operations === null ? '' : `${describeCounts(operations)} to send`
  return [changes, waiting].filter((part) => part !== '').join('; ')
}

function describeEquality(equal: StatusReport['equal']): string {
  if (equal === 'yes') return styledAnswer('good', 'yes: both ends hold the same tree')
  return equal === 'no' ? styledAnswer('careful', 'no: ce-delta push makes them equal') : 'unknown'
}
