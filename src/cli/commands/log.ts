import type { ArgumentsCamelCase, Argv } from 'yargs'
import type { OpenedWorkspace } from '../../api/workspace.js'
import { DeltaError } from '../../support/errors.js'
import { type CommonArguments, withReceiver } from '../arguments.js'
import { inEachWorkspace } from '../each-workspace.js'
import { interruptible } from '../interruption.js'
import { printerFor } from '../print.js'
import { renderPush, renderPushLine } from '../render-log.js'

export const command = 'log'
export const describe = 'every confirmed push: when, what, how much, why, how long'

export function builder(yargs: Argv<CommonArguments>) {
  return withReceiver(yargs)
    .option('oneline', { type: 'boolean', default: false, describe: 'a line for each push' })
    .option('number', { alias: 'n', type: 'number', requiresArg: true, describe: 'only the last so many' })
    .example('$0 log --oneline -n 10', 'the last ten')
    .example('$0 log --json', 'for programs')
}

type LogArguments = ArgumentsCamelCase<Awaited<ReturnType<typeof builder>['argv']>>

export async function run(args: LogArguments): Promise<number> {
  const limit = checkNumber(args.number)
  const interruption = interruptible()
  const exitCode = await inEachWorkspace(args, interruption.signal, async (opened) => {
    await logOne(opened, args, limit)
    return 0
  })
  return interruption.exitCode(exitCode)
}

async function logOne(
  { workspace, config }: OpenedWorkspace,
  args: LogArguments,
  limit: number | undefined,
): Promise<void> {
  const [{ openView }, { readLog }] = await Promise.all([
    import('../../inspect/view.js'),
    import('../../inspect/log.js'),
  ])
  const view = await openView(workspace, config)
  const pushes = await readLog(view, limit)
  const printer = printerFor(args)
  const width = String(pushes[0]?.sequence ?? 0).length
  for (const push of pushes) {
    printer.event(push)
    if (args.oneline) renderPushLine(printer, push, width)
    else renderPush(printer, push)
  }
  printer.event({ event: 'log', receiver: view.receiver.name, pushes: pushes.length })
  if (pushes.length === 0) printer.note(`nothing was pushed yet (${view.receiver.name})`)
}

function checkNumber(number: number | undefined): number | undefined {
  if (number === undefined || (Number.isSafeInteger(number) && number > 0)) return number
  throw new DeltaError('usage', `--number must be a whole number above 0 (it is ${number}).`)
}
