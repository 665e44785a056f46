import type { ArgumentsCamelCase, Argv } from 'yargs'
import { type CommonArguments, withReceiver } from '../arguments.js'
import { openView } from '../open-view.js'
import { printerFor } from '../print.js'
import { renderWaiting, waitingFacts } from '../render-outbox.js'

export const command = 'list'
export const describe = 'what waits, in the order in which it will be sent'

export function builder(yargs: Argv<CommonArguments>) {
  return withReceiver(yargs).example('$0 outbox list', 'empty after every push that was confirmed')
}

type ListArguments = ArgumentsCamelCase<Awaited<ReturnType<typeof builder>['argv']>>

export async function run(args: ListArguments): Promise<number> {
  const [view, { readOutbox }] = await Promise.all([openView(args), import('../../handover/outbox.js')])
  const entries = await readOutbox(view)
  const printer = printerFor(args)
  printer.event({ event: 'outbox', bundles: entries.map(waitingFacts) })
  for (const entry of entries) renderWaiting(printer, entry)
  if (entries.length === 0) printer.note('nothing waits')
  return 0
}
