import type { Argv } from 'yargs'
import type { StatusReport } from '../../status.js'
import { exitCodeOf } from '../../support/errors.js'
import { count, formatBytes, formatTime, printable } from '../../support/text.js'
import { type CommonArguments, type ReceiverArguments, withReceiver } from '../arguments.js'
import { inEachWorkspace } from '../each-workspace.js'
import { interruptible } from '../interruption.js'
import { type Printer, printerFor, styled, styledAnswer } from '../print.js'
import { describeCounts } from '../render.js'
import { AMBIGUOUS, describeLogin, isAmbiguous } from '../render-identity.js'

export const command = 'status'
export const describe = 'what is here, what the receiver has, what is pending, and whether both are equal'

export function builder(yargs: Argv<CommonArguments>) {
  return withReceiver(yargs)
}

export async function run(args: CommonArguments & ReceiverArguments): Promise<number> {
  const interruption = interruptible()
  const { readStatusReport } = await import('../../status.js')
  const printer = printerFor(args)
  const exitCode = await inEachWorkspace(args, interruption.signal, async ({ workspace, config }) => {
    const report = await readStatusReport(workspace, config, interruption.signal)
    printer.event(report)
    render(printer, report)
    return report.there.error === null ? 0 : exitCodeOf(report.there.error.code)
  })
  return interruption.exitCode(exitCode)
}

function render(printer: Printer, report: StatusReport): void {
  const { here, there, pending } = report
  const line = (name: string, value: string): void => printer.answer(`${name.padEnd(11)}${value}`)
  line('workspace', printable(report.workspace))
  if (isAmbiguous(report)) line('', styledAnswer('careful', `${AMBIGUOUS} (--pinned)`))
  line('receiver', report.receiver)
  if (report.login !== null) line('login', describeLogin(report.login))
  line('here', here === null ? 'a push is running right now' : `tree ${here.tree.slice(0, 10)}`)
  if (there.error !== null) line('there', styled('bad', there.error.message))
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
    line('background', styled('bad', `${formatTime(failure.at)}: ${failure.message} ${failure.next ?? ''}`))
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
  if (equal === 'yes') return styled('good', 'yes: both ends hold the same tree')
  return equal === 'no' ? styled('careful', 'no: ce-delta push makes them equal') : 'unknown'
}
