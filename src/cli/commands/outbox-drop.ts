import type { ArgumentsCamelCase, Argv } from 'yargs'
import { DeltaError } from '../../support/errors.js'
import { count } from '../../support/text.js'
import { type CommonArguments, withReceiver } from '../arguments.js'
import { openView } from '../open-view.js'
import { printerFor, styled } from '../print.js'
import { waitingFacts } from '../render-outbox.js'

export const command = 'drop [bundle]'
export const describe = 'remove a waiting bundle and those after it; the next push makes their changes again'

export function builder(yargs: Argv<CommonArguments>) {
  return withReceiver(yargs)
    .positional('bundle', { type: 'string', describe: 'its sequence, or the start of its id' })
    .option('all', { type: 'boolean', default: false, describe: 'every one' })
    .option('force', { type: 'boolean', default: false, describe: 'also those that may have been applied' })
    .example('$0 outbox drop --all', 'start anew with the next push')
}

type DropArguments = ArgumentsCamelCase<Awaited<ReturnType<typeof builder>['argv']>>

export async function run(args: DropArguments): Promise<number> {
  if (args.all === (args.bundle !== undefined)) {
    throw new DeltaError('usage', 'Name one bundle, or --all.', { next: 'ce-delta outbox list shows what waits.' })
  }
  const [view, { dropWaiting }] = await Promise.all([openView(args), import('../../handover/outbox.js')])
  const dropped = await dropWaiting(view, args.bundle, args.force)
  const printer = printerFor(args)
  printer.event({ event: 'dropped', bundles: dropped.map(waitingFacts) })
  if (dropped.length === 0) printer.note('nothing waits')
  else printer.note(`${styled('good', '✓')} dropped ${count(dropped.length, 'bundle')}`)
  return 0
}
