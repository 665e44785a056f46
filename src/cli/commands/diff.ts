import type { ArgumentsCamelCase, Argv } from 'yargs'
import type { OpenedWorkspace } from '../../api/workspace.js'
import type { DiffReport, DiffSide, PatchOptions } from '../../inspect/diff.js'
import type { View } from '../../inspect/view.js'
import { printable } from '../../support/text.js'
import { type CommonArguments, withCommit, withReceiver } from '../arguments.js'
import { inEachWorkspace } from '../each-workspace.js'
import { interruptible } from '../interruption.js'
import { type Printer, printerFor, wantsColours } from '../print.js'
import { describeCounts } from '../render.js'
import { renderOperation } from '../render-operations.js'
import { whileWaiting } from '../waiting.js'
import { writeBytes } from '../write.js'

export const command = 'diff [from] [to]'
export const describe = 'what the next push would send, or what differs between two pushes'

export function builder(yargs: Argv<CommonArguments>) {
  return withCommit(withReceiver(yargs))
    .positional('from', {
      type: 'string',
      describe: 'a push, by its sequence or the start of its bundle’s id',
      defaultDescription: 'the last one',
    })
    .positional('to', { type: 'string', describe: 'another push', defaultDescription: 'the work tree' })
    .option('patch', {
      alias: 'p',
      type: 'boolean',
      default: false,
      describe: 'the changes themselves, as git shows them',
    })
    .option('stat', { type: 'boolean', default: false, describe: 'how many lines changed in each file' })
    .example('$0 diff', 'what the next push would send')
    .example('$0 diff 3 5 --stat', 'how much changed from push 3 to push 5')
    .example('$0 diff 3 -p', 'a patch from push 3 to the work tree')
}

type DiffArguments = ArgumentsCamelCase<Awaited<ReturnType<typeof builder>['argv']>>

export async function run(args: DiffArguments): Promise<number> {
  const interruption = interruptible()
  const exitCode = await inEachWorkspace(args, interruption.signal, async (opened) => await diffOne(opened, args))
  return interruption.exitCode(exitCode)
}

async function diffOne({ workspace, config }: OpenedWorkspace, args: DiffArguments): Promise<number> {
  const [{ openView }, { readDiff, drawDiff }] = await Promise.all([
    import('../../inspect/view.js'),
    import('../../inspect/diff.js'),
  ])
  const view = await openView(workspace, config, args.commit ?? null)
  const report = await whileWaiting(args, 'looking for changes', async () => await readDiff(view, args.from, args.to))
  const printer = printerFor(args)
  printer.event(report)
  if (args.json) return 0
  const draw = (form: PatchOptions['form']) => print(drawDiff, view, report, form)
  if (args.stat) await draw({ columns: process.stdout.columns ?? 80 })
  if (args.patch) await draw('patch')
  if (!args.stat && !args.patch) renderDiff(printer, report, args.commit ?? 'the work tree')
  return 0
}

type Draw = (view: View, report: DiffReport, options: PatchOptions) => AsyncIterable<Buffer>

/** A patch is bytes, not text: files may have any encoding. Whoever reads it may stop early. */
async function print(draw: Draw, view: View, report: DiffReport, form: PatchOptions['form']): Promise<void> {
  for await (const bytes of draw(view, report, { form, colours: wantsColours(process.stdout) })) {
    if (!writeBytes(1, bytes)) return
  }
}

function describeSide({ sequence }: DiffSide, here: string): string {
  if (sequence === null) return printable(here)
  return sequence === 0 ? 'nothing pushed yet' : `#${sequence}`
}

function renderDiff(printer: Printer, report: DiffReport, here: string): void {
  for (const operation of report.plan) renderOperation(printer, operation)
  const { from, to, operations } = report
  printer.note(`${describeSide(from, here)} → ${describeSide(to, here)}: ${describeCounts(operations)}`)
}
