import type { ArgumentsCamelCase, Argv } from 'yargs'
import type { Config } from '../../config/config.js'
import { decidedSettings } from '../../config/origins.js'
import type { ConfigSources } from '../../config/sources.js'
import { printable } from '../../support/text.js'
import { type CommonArguments, withReceiver } from '../arguments.js'
import { findWorkspaces } from '../open-workspace.js'
import { printerFor, styledAnswer } from '../print.js'

export const command = 'print'
export const describe = 'every setting as it counts for this workspace'

export function builder(yargs: Argv<CommonArguments>) {
  return withReceiver(yargs)
    .option('origins', { type: 'boolean', default: false, describe: 'and which file, variable or flag says so' })
    .example('$0 config print --origins', 'where does this value come from?')
}

type PrintArguments = ArgumentsCamelCase<Awaited<ReturnType<typeof builder>['argv']>>

export async function run(args: PrintArguments): Promise<number> {
  const { folders, open, sources } = await findWorkspaces(args)
  for (const folder of folders) printOne(args, folder, (await open(folder)).config, sources)
  return 0
}

function printOne(args: PrintArguments, folder: string | null, config: Config, sources: ConfigSources): void {
  const settings = decidedSettings(config, sources, folder)
  const printer = printerFor(args)
  if (folder !== null) printer.answer(styledAnswer('strong', printable(folder)))
  const { token, session } = config.credentials
  printer.event({
    event: 'configuration',
    folder,
    file: config.file,
    has_token: token !== null,
    has_session: session !== null,
    settings,
  })
  const from = (source: string): string => (args.origins ? `  ${styledAnswer('faint', `(${source})`)}` : '')
  const width = Math.max(...settings.map(({ name }) => name.length))
  for (const { name, value, origin } of settings) {
    printer.answer(`${name.padEnd(width)}  ${JSON.stringify(value)}${from(origin)}`)
  }
  for (const [name, credential] of Object.entries({ token, session })) {
    const value = credential === null ? 'none' : `set, not shown${from(credential.source)}`
    printer.answer(`${name.padEnd(width)}  ${value}`)
  }
}
