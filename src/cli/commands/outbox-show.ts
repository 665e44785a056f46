import type { ArgumentsCamelCase, Argv } from 'yargs'
import { type CommonArguments, withReceiver } from '../arguments.js'
import { openView } from '../open-view.js'
import * as inspect from './bundle-inspect.js'

export const command = 'show <bundle>'
export const describe = 'a waiting bundle with every operation'

export function builder(yargs: Argv<CommonArguments>) {
  return withReceiver(yargs)
    .positional('bundle', { type: 'string', demandOption: true, describe: 'its sequence, or the start of its id' })
    .example('$0 outbox show 7', 'what bundle 7 will change')
}

type ShowArguments = ArgumentsCamelCase<Awaited<ReturnType<typeof builder>['argv']>>

/** A waiting bundle is a bundle file like any other. */
export async function run(args: ShowArguments): Promise<number> {
  const [view, { readOutbox, findWaiting }] = await Promise.all([openView(args), import('../../handover/outbox.js')])
  const entries = await readOutbox(view)
  return await inspect.run({ ...args, file: findWaiting(entries, args.bundle).file })
}
