import { resolve } from 'node:path'
import type { ArgumentsCamelCase, Argv } from 'yargs'
import type { CommonArguments } from '../arguments.js'
import { printerFor } from '../print.js'
import { bundleFacts, planOf, renderBundle } from '../render-bundle.js'
import { renderOperation } from '../render-operations.js'

export const command = 'inspect <file>'
export const describe = 'what a bundle announces: where it is from, and every operation'

export function builder(yargs: Argv<CommonArguments>) {
  return yargs
    .positional('file', { type: 'string', demandOption: true, describe: 'a bundle' })
    .example('$0 bundle inspect week.tar.gz', 'without reading its contents')
}

type InspectArguments = ArgumentsCamelCase<Awaited<ReturnType<typeof builder>['argv']>>

export async function run(args: InspectArguments): Promise<number> {
  const { examineBundle } = await import('../../bundle/examine.js')
  const bundle = await examineBundle(resolve(args.file))
  const printer = printerFor(args)
  const plan = planOf(bundle)
  printer.event({ ...bundleFacts(bundle), plan })
  renderBundle(printer, bundle)
  for (const operation of plan) renderOperation(printer, operation)
  return 0
}
