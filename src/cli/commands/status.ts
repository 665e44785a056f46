import type { Argv } from 'yargs'
import { exitCodeOf } from '../../support/errors.js'
import { type CommonArguments, type ReceiverArguments, withReceiver } from '../arguments.js'
import { inEachWorkspace } from '../each-workspace.js'
import { interruptible } from '../interruption.js'
import { printerFor } from '../print.js'
import { renderStatus } from '../render-status.js'
import { whileWaiting } from '../waiting.js'

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
    const read = async () => await readStatusReport(workspace, config, interruption.signal)
    const report = await whileWaiting(args, 'looking at both ends', read)
    printer.event(report)
    renderStatus(printer, report)
    return report.there.error === null ? 0 : exitCodeOf(report.there.error.code)
  })
  return interruption.exitCode(exitCode)
}
