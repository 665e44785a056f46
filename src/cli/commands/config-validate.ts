import type { ArgumentsCamelCase, Argv } from 'yargs'
import { together } from '../../config/parse.js'
import { type CommonArguments, withReceiver } from '../arguments.js'
import { findWorkspaces } from '../open-workspace.js'
import { placeFromHere } from '../place.js'
import { printerFor, styled } from '../print.js'

export const command = 'validate'
export const describe = 'check the configuration file, the environment and the flags; every problem at once'

export function builder(yargs: Argv<CommonArguments>) {
  return withReceiver(yargs).example('$0 config validate', 'exit code 0, or 2 and what is wrong')
}

type ValidateArguments = ArgumentsCamelCase<Awaited<ReturnType<typeof builder>['argv']>>

export async function run(args: ValidateArguments): Promise<number> {
  const { folders, open, sources } = await findWorkspaces(args)
  const opened = await Promise.allSettled(folders.map(open))
  const failures = opened.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
  if (failures.length > 0) throw together(failures)
  const files = sources.files.map(({ file }) => file)
  const printer = printerFor(args)
  printer.event({ event: 'configuration-valid', file: files.at(-1) ?? null, files })
  const names = files.length === 0 ? ['no configuration file: the defaults hold'] : files.map(placeFromHere)
  for (const name of names) printer.note(`${styled('good', '✓')} ${name}`)
  return 0
}
