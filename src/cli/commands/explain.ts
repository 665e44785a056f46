import { realpath } from 'node:fs/promises'
import type { ArgumentsCamelCase, Argv } from 'yargs'
import { type CommonArguments, withReceiver } from '../arguments.js'
import { interruptible } from '../interruption.js'
import { openView } from '../open-view.js'
import { printerFor } from '../print.js'
import { renderExplanation } from '../render-explain.js'

export const command = 'explain <path..>'
export const describe = 'why a file is part of the copy or not: the rule, its place, and what both ends have'

export function builder(yargs: Argv<CommonArguments>) {
  // Elsewhere the last of several values counts; here all of them do.
  return withReceiver(yargs.parserConfiguration({ 'duplicate-arguments-array': true, 'boolean-negation': false }))
    .positional('path', { type: 'string', array: true, demandOption: true, describe: 'files or folders' })
    .example('$0 explain src/main.ts .env', 'why each of them is there, or is not')
    .example('$0 explain .', 'how many files are left out, by reason')
}

type ExplainArguments = ArgumentsCamelCase<Awaited<ReturnType<typeof builder>['argv']>>

export async function run(args: ExplainArguments): Promise<number> {
  const interruption = interruptible()
  const [view, { snapshotNow }, { askOrRecall }, { explain, pathInWorkspace }] = await Promise.all([
    openView(args),
    import('../../inspect/view.js'),
    import('../../inspect/there.js'),
    import('../../inspect/explain.js'),
  ])
  const directory = await realpath(args.directory)
  const paths = args.path.map((typed) => pathInWorkspace(view, directory, typed))
  const snapshot = await snapshotNow(view)
  const { there, unreachable } = await askOrRecall(view, interruption.signal)
  const printer = printerFor(args)
  if (unreachable !== null) {
    printer.event({ event: 'notice', message: unreachable.message })
    printer.note(`${unreachable.message} What is there is told as it was last confirmed.`)
  }
  for (const path of paths) {
    const explained = await explain(view, { snapshot, there }, path)
    printer.event(explained)
    renderExplanation(printer, explained)
  }
  return interruption.exitCode(0)
}
