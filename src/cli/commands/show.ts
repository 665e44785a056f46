import type { ArgumentsCamelCase, Argv } from 'yargs'
import { type CommonArguments, withReceiver } from '../arguments.js'
import { openView } from '../open-view.js'
import { printerFor } from '../print.js'
import { renderPush } from '../render-log.js'
import { renderOperation } from '../render-operations.js'

export const command = 'show <push>'
export const describe = 'one confirmed push, with every operation'

export function builder(yargs: Argv<CommonArguments>) {
  return withReceiver(yargs)
    .positional('push', {
      type: 'string',
      demandOption: true,
      describe: 'its sequence, or the start of its bundle’s id',
    })
    .example('$0 show 12', 'what sequence 12 brought')
}

type ShowArguments = ArgumentsCamelCase<Awaited<ReturnType<typeof builder>['argv']>>

export async function run(args: ShowArguments): Promise<number> {
  const [view, { readPush }] = await Promise.all([openView(args), import('../../inspect/log.js')])
  const push = await readPush(view, args.push)
  const printer = printerFor(args)
  printer.event(push)
  renderPush(printer, push)
  for (const operation of push.plan) renderOperation(printer, operation)
  return 0
}
