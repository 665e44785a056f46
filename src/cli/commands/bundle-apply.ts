import { resolve } from 'node:path'
import type { ArgumentsCamelCase, Argv } from 'yargs'
import { printable } from '../../support/text.js'
import type { CommonArguments } from '../arguments.js'
import { printerFor, styled } from '../print.js'
import { describeCounts } from '../render.js'
import { bundleFacts } from '../render-bundle.js'

export const command = 'apply <file> [folder]'
export const describe = 'apply a bundle to a folder of plain files; all of it is verified first'

export function builder(yargs: Argv<CommonArguments>) {
  return yargs
    .positional('file', { type: 'string', demandOption: true, describe: 'a bundle' })
    .positional('folder', {
      type: 'string',
      default: '.',
      defaultDescription: 'this folder',
      describe: 'an existing folder',
    })
    .example('$0 bundle apply week.tar.gz copy/', 'refused where it does not fit what stands there')
}

type ApplyArguments = ArgumentsCamelCase<Awaited<ReturnType<typeof builder>['argv']>>

export async function run(args: ApplyArguments): Promise<number> {
  const [{ examineBundle }, { applyBundle }] = await Promise.all([
    import('../../bundle/examine.js'),
    import('../../handover/apply-bundle.js'),
  ])
  const bundle = await examineBundle(resolve(args.file))
  const folder = resolve(args.folder)
  await applyBundle(bundle, folder)
  const printer = printerFor(args)
  printer.event({ ...bundleFacts(bundle), folder })
  printer.note(`${styled('good', '✓')} ${describeCounts(bundle.manifest.operations)} in ${printable(folder)}`)
  return 0
}
