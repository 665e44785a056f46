import type { ArgumentsCamelCase, Argv } from 'yargs'
import { type CommonArguments, withReceiver } from '../arguments.js'
import { loadOptions } from '../open-workspace.js'
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
  const [{ resolveConfig }, { readSources }, { decidedSettings }] = await Promise.all([
    import('../../config/load.js'),
    import('../../config/sources.js'),
    import('../../config/origins.js'),
  ])
  const { options } = await loadOptions(args)
  const sources = await readSources(options)
  const config = await resolveConfig(options, sources)
  const settings = decidedSettings(config, sources)
  const printer = printerFor(args)
  const { token, session } = config.credentials
  printer.event({
    event: 'configuration',
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
  return 0
}
