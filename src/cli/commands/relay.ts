import { resolve } from 'node:path'
import type { ArgumentsCamelCase, Argv } from 'yargs'
import { loadConfig } from '../../config/load.js'
import { DeltaError } from '../../support/errors.js'
import { requireFolder } from '../../support/folders.js'
import { count, formatBytes, printable } from '../../support/text.js'
import type { CommonArguments } from '../arguments.js'
import { interruptible } from '../interruption.js'
import { printerFor, styled } from '../print.js'
import { renderEvent } from '../render.js'

export const command = 'relay <folder>'
export const describe = 'deliver an exported outbox from this machine, in order; may be stopped and run again'

export function builder(yargs: Argv<CommonArguments>) {
  return yargs
    .positional('folder', { type: 'string', demandOption: true, describe: 'made by ce-delta outbox export' })
    .option('endpoint', { type: 'string', requiresArg: true, describe: 'the server to upload to' })
    .example('$0 relay /media/stick/app --endpoint https://context.example.com', 'goes on where it stopped')
}

type RelayArguments = ArgumentsCamelCase<Awaited<ReturnType<typeof builder>['argv']>>

export async function run(args: RelayArguments): Promise<number> {
  const interruption = interruptible()
  const printer = printerFor(args)
  const folder = resolve(args.folder)
  requireFolder(folder)
  const [{ readHandover }, { relay }, { deliveryContext }, { receiverFor }] = await Promise.all([
    import('../../handover/handover.js'),
    import('../../handover/relay.js'),
    import('../../preparation.js'),
    import('../../identity.js'),
  ])
  const handover = await readHandover(folder)
  const config = await configFor(folder, args.endpoint)
  const receiver = await receiverFor(config, handover)
  const onEvent = (event: Parameters<typeof renderEvent>[1]): void => {
    printer.event(event)
    renderEvent(printer, event)
  }
  const result = await relay({
    folder,
    handover,
    receiver,
    context: deliveryContext(config, { signal: interruption.signal, onEvent }),
    onRelayed: ({ bundleId: id, sequence, bytes }, tree) => {
      printer.event({ event: 'confirmed', id, sequence, tree })
      printer.note(`  #${sequence}  ${formatBytes(bytes)}`)
    },
  })
  const { workspacePath: workspace } = handover
  printer.event({ event: 'relay', receiver: receiver.name, workspace, ...result })
  const before = result.skipped === 0 ? '' : `, ${result.skipped} had been there before`
  const what = `${count(result.relayed, 'bundle')} relayed${before}`
  printer.note(`${styled('good', '✓')} ${printable(workspace)}: ${what}; it is at sequence ${result.sequence}`)
  return interruption.exitCode(0)
}

/** Here is no workspace, so only the environment and the command line say where to. */
async function configFor(folder: string, endpoint: string | undefined) {
  const flags = endpoint === undefined ? {} : { endpoint, enabled: true }
  const config = await loadConfig({ root: folder, hasFiles: false, environment: process.env, flags })
  if (config.endpoint !== null) return config
  throw new DeltaError('usage', 'Say where to upload to.', { next: 'Give --endpoint, or set CE_DELTA_ENDPOINT.' })
}
