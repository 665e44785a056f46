import type { ArgumentsCamelCase, Argv } from 'yargs'
import type { OpenedWorkspace } from '../../api/workspace.js'
import { type CommonArguments, withReceiver } from '../arguments.js'
import { inEachWorkspace } from '../each-workspace.js'
import { interruptible } from '../interruption.js'
import { printerFor } from '../print.js'
import { renderWaiting, waitingFacts } from '../render-outbox.js'

export const command = 'list'
export const describe = 'what waits, in the order in which it will be sent'

export function builder(yargs: Argv<CommonArguments>) {
  return withReceiver(yargs).example('$0 outbox list', 'empty after every push that was confirmed')
}

type ListArguments = ArgumentsCamelCase<Awaited<ReturnType<typeof builder>['argv']>>

export async function run(args: ListArguments): Promise<number> {
  const interruption = interruptible()
  const exitCode = await inEachWorkspace(args, interruption.signal, async (opened) => {
    await listOne(opened, args)
    return 0
  })
  return interruption.exitCode(exitCode)
}

async function listOne({ workspace, config }: OpenedWorkspace, args: ListArguments): Promise<void> {
  const [{ openView }, { readOutbox }] = await Promise.all([
    import('../../inspect/view.js'),
    import('../../handover/outbox.js'),
  ])
  const entries = await readOutbox(await openView(workspace, config))
  const printer = printerFor(args)
  printer.event({ event: 'outbox', bundles: entries.map(waitingFacts) })
  for (const entry of entries) renderWaiting(printer, entry)
  if (entries.length === 0) printer.note('nothing waits')
}
