import { resolve } from 'node:path'
import type { ArgumentsCamelCase, Argv } from 'yargs'
import { count, formatBytes, printable } from '../../support/text.js'
import { type CommonArguments, withReceiver } from '../arguments.js'
import { openView } from '../open-view.js'
import { printerFor, styled } from '../print.js'
import { waitingFacts } from '../render-outbox.js'

export const command = 'export <folder>'
export const describe = 'copy what waits into a folder, for another machine to deliver with ce-delta relay'

export function builder(yargs: Argv<CommonArguments>) {
  return withReceiver(yargs)
    .positional('folder', { type: 'string', demandOption: true, describe: 'a new or an empty folder' })
    .example('$0 outbox export /media/stick/app', 'there: ce-delta relay /media/stick/app --endpoint …')
}

type ExportArguments = ArgumentsCamelCase<Awaited<ReturnType<typeof builder>['argv']>>

export async function run(args: ExportArguments): Promise<number> {
  const [view, { exportOutbox }] = await Promise.all([openView(args), import('../../handover/export.js')])
  const folder = resolve(args.folder)
  const entries = await exportOutbox(view, folder)
  const printer = printerFor(args)
  printer.event({ event: 'exported', folder, bundles: entries.map(waitingFacts) })
  const size = formatBytes(entries.reduce((sum, { bytes }) => sum + bytes, 0))
  printer.note(`${styled('good', '✓')} ${count(entries.length, 'bundle')} in ${printable(folder)}, ${size}`)
  printer.note(`  elsewhere: ce-delta relay ${printable(args.folder)} --endpoint <address>`)
  return 0
}
