import { resolve } from 'node:path'
import type { ArgumentsCamelCase, Argv } from 'yargs'
import { count, printable } from '../../support/text.js'
import type { CommonArguments } from '../arguments.js'
import { printerFor, styled } from '../print.js'
import { bundleFacts } from '../render-bundle.js'

export const command = 'verify <file>'
export const describe = 'read a bundle to its end: every path, size and hash'

export function builder(yargs: Argv<CommonArguments>) {
  return yargs
    .positional('file', { type: 'string', demandOption: true, describe: 'a bundle' })
    .example('$0 bundle verify week.tar.gz', 'exit code 5 where anything is wrong')
}

type VerifyArguments = ArgumentsCamelCase<Awaited<ReturnType<typeof builder>['argv']>>

export async function run(args: VerifyArguments): Promise<number> {
  const { examineBundle, verifyContents } = await import('../../bundle/examine.js')
  const bundle = await examineBundle(resolve(args.file))
  const contents = await verifyContents(bundle)
  const printer = printerFor(args)
  printer.event({ ...bundleFacts(bundle), contents })
  printer.note(`${styled('good', '✓')} ${printable(args.file)}: ${count(contents, 'content')} as announced`)
  printer.note(styled('faint', `  ${bundle.digest}`))
  return 0
}
