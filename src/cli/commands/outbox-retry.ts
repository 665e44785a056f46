import type { ArgumentsCamelCase, Argv } from 'yargs'
import { CAREFUL } from '../../push-request.js'
import { type CommonArguments, withReceiver } from '../arguments.js'
import { interruptible } from '../interruption.js'
import { openView } from '../open-view.js'
import { printerFor } from '../print.js'
import { runPush } from '../run-push.js'
import { exitCodeOfReport } from './push.js'

export const command = 'retry'
export const describe = 'send what waits, and nothing newer'

export function builder(yargs: Argv<CommonArguments>) {
  return withReceiver(yargs).example('$0 outbox retry', 'ce-delta push sends newer changes as well')
}

type RetryArguments = ArgumentsCamelCase<Awaited<ReturnType<typeof builder>['argv']>>

export async function run(args: RetryArguments): Promise<number> {
  const interruption = interruptible()
  const [view, { readOutbox }] = await Promise.all([openView(args), import('../../handover/outbox.js')])
  const printer = printerFor(args)
  const last = (await readOutbox(view)).at(-1)
  if (last === undefined) {
    printer.event({ event: 'outbox', bundles: [] })
    printer.note('nothing waits')
    return 0
  }
  // What waits in the outbox passed the guards when it was made.
  const passed = { ...CAREFUL, allowMassDelete: true }
  const { workspace, config } = view
  const request = { ...passed, workspace, config, snapshot: last.target, trigger: 'retry' } as const
  const report = await runPush(request, args, interruption.signal)
  return interruption.exitCode(exitCodeOfReport(report))
}
