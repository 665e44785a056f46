import type { ArgumentsCamelCase, Argv } from 'yargs'
import { formatBytes, printable } from '../../support/text.js'
import { type CommonArguments, withReceiver } from '../arguments.js'
import { openView } from '../open-view.js'
import { printerFor, styled } from '../print.js'
import { describeCounts } from '../render.js'
import { whileWaiting } from '../waiting.js'

export const command = 'create <file>'
export const describe = 'write the whole work tree, or what differs between two pushes or commits, into a file'

export function builder(yargs: Argv<CommonArguments>) {
  return withReceiver(yargs)
    .positional('file', { type: 'string', demandOption: true, describe: 'the bundle to write, a .tar.gz file' })
    .option('from', {
      type: 'string',
      requiresArg: true,
      describe: 'a push or a commit',
      defaultDescription: 'nothing',
    })
    .option('to', { type: 'string', requiresArg: true, describe: 'another one', defaultDescription: 'the work tree' })
    .example('$0 bundle create all.tar.gz', 'everything')
    .example('$0 bundle create week.tar.gz --from 12', 'what changed since push 12')
    .example('$0 bundle create v2.tar.gz --from v1.0 --to v2.0', 'from one tag to another')
}

type CreateArguments = ArgumentsCamelCase<Awaited<ReturnType<typeof builder>['argv']>>

export async function run(args: CreateArguments): Promise<number> {
  const [view, { createBundle }] = await Promise.all([openView(args), import('../../handover/create-bundle.js')])
  const created = await whileWaiting(args, 'packing', async () => await createBundle(view, args.file, args))
  const printer = printerFor(args)
  printer.event(created)
  const what = `${describeCounts(created.operations)}, ${formatBytes(created.bytes)}`
  printer.note(`${styled('good', '✓')} ${printable(args.file)}: ${what}`)
  printer.note(styled('faint', `  ${created.digest}`))
  return 0
}
