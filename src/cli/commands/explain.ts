import { realpath } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { ArgumentsCamelCase, Argv } from 'yargs'
import type { OpenedWorkspace } from '../../api/workspace.js'
import { type CommonArguments, withReceiver } from '../arguments.js'
import { tellWhich } from '../each-workspace.js'
import { interruptible } from '../interruption.js'
import { findWorkspaces } from '../open-workspace.js'
import { pathsByWorkspace } from '../paths-by-workspace.js'
import { type Printer, printerFor } from '../print.js'
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
  const printer = printerFor(args)
  const { whole, folders, open } = await findWorkspaces(args)
  const directory = await realpath(args.directory)
  const asked = pathsByWorkspace(
    whole.root,
    folders,
    args.path.map((typed) => resolve(directory, typed)),
  )
  for (const [folder, paths] of asked) {
    if (folders.length > 1) tellWhich(printer, folder)
    await explainIn(await open(folder), paths, printer, interruption.signal)
  }
  return interruption.exitCode(0)
}

async function explainIn(
  { workspace, config }: OpenedWorkspace,
  paths: readonly string[],
  printer: Printer,
  signal: AbortSignal,
): Promise<void> {
  const [{ openView, snapshotNow }, { askOrRecall }, { explain, pathInWorkspace }] = await Promise.all([
    import('../../inspect/view.js'),
    import('../../inspect/there.js'),
    import('../../inspect/explain.js'),
  ])
  const view = await openView(workspace, config)
  const inside = paths.map((path) => pathInWorkspace(view, path))
  const snapshot = await snapshotNow(view)
  const { there, unreachable } = await askOrRecall(view, signal)
  if (unreachable !== null) {
    printer.event({ event: 'notice', message: unreachable.message })
    printer.note(`${unreachable.message} What is there is told as it was last confirmed.`)
  }
  for (const path of inside) {
    const explained = await explain(view, { snapshot, there }, path)
    printer.event(explained)
    renderExplanation(printer, explained)
  }
}
