import type { ArgumentsCamelCase, Argv } from 'yargs'
import { type CommonArguments, withReceiver } from '../arguments.js'
import { openWorkspace } from '../open-workspace.js'
import { placeFromHere } from '../place.js'
import { printerFor, styled } from '../print.js'

export const command = 'validate'
export const describe = 'check the configuration file, the environment and the flags; every problem at once'

export function builder(yargs: Argv<CommonArguments>) {
  return withReceiver(yargs).example('$0 config validate', 'exit code 0, or 2 and what is wrong')
}

type ValidateArguments = ArgumentsCamelCase<Awaited<ReturnType<typeof builder>['argv']>>

export async function run(args: ValidateArguments): Promise<number> {
  const { config } = await openWorkspace(args)
  const printer = printerFor(args)
  printer.event({ event: 'configuration-valid', file: config.file })
  printer.note(
    `${styled('good', '✓')} ${config.file === null ? 'no configuration file: the defaults hold' : placeFromHere(config.file)}`,
  )
  return 0
}
