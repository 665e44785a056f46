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
  printer.event({ event: 'configuration', file: config.file, has_token: config.token !== null, settings })
  const width = Math.max(...settings.map(({ name }) => name.length))
  for (const { name, value, origin } of settings) {
    const from = args.origins ? `  ${styledAnswer('faint', `(${origin})`)}` : ''
    printer.answer(`${name.padEnd(width)}  ${JSON.stringify(value)}${from}`)
  }
  printer.answer(`${'token'.padEnd(width)}  ${config.token === null ? 'none' : 'set, not shown'}`)
  return 0
}
