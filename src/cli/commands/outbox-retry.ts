import type { ArgumentsCamelCase, Argv } from 'yargs'
import type { OpenedWorkspace } from '../../api/workspace.js'
import { CAREFUL } from '../../push-request.js'
import { type CommonArguments, withReceiver } from '../arguments.js'
import { inEachWorkspace } from '../each-workspace.js'
import { interruptible } from '../interruption.js'
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
  const exitCode = await inEachWorkspace(args, interruption.signal, async (opened) => {
    return await retryOne(opened, args, interruption.signal)
  })
  return interruption.exitCode(exitCode)
}

async function retryOne(
  { workspace, config }: OpenedWorkspace,
  args: RetryArguments,
  signal: AbortSignal,
): Promise<number> {
  const [{ openView }, { readOutbox }] = await Promise.all([
    import('../../inspect/view.js'),
    import('../../handover/outbox.js'),
  ])
  const printer = printerFor(args)
  const last = (await readOutbox(await openView(workspace, config))).at(-1)
  if (last === undefined) {
    printer.event({ event: 'outbox', bundles: [] })
    printer.note('nothing waits')
    return 0
  }
  // What waits in the outbox passed the guards when it was made.
  const passed = { ...CAREFUL, allowMassDelete: true }
  const request = { ...passed, workspace, config, snapshot: last.target, trigger: 'retry' } as const
  return exitCodeOfReport(await runPush(request, args, signal))
}
