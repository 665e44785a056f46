import type { ArgumentsCamelCase, Argv } from 'yargs'
import type { OpenedWorkspace } from '../../api/workspace.js'
import type { Verdict, VerifyReport } from '../../inspect/verify.js'
import type { View } from '../../inspect/view.js'
import { CAREFUL } from '../../push-request.js'
import type { PushReport } from '../../report/report.js'
import { exitCodeOf } from '../../support/errors.js'
import { type CommonArguments, withCommit, withReceiver } from '../arguments.js'
import { inEachWorkspace } from '../each-workspace.js'
import { interruptible } from '../interruption.js'
import { printerFor } from '../print.js'
import { renderVerification } from '../render-verify.js'
import { runPush } from '../run-push.js'
import { whileWaiting } from '../waiting.js'

export const command = 'verify'
export const describe = 'compare every file here with what the receiver holds'

export function builder(yargs: Argv<CommonArguments>) {
  return withCommit(withReceiver(yargs))
    .option('repair', {
      type: 'boolean',
      default: false,
      describe: 'push what differs, whoever wrote it, and compare again',
    })
    .example('$0 verify', 'by the receiver’s own listing, where it has one')
    .example('$0 verify --repair', 'make the receiver equal again')
}

type VerifyArguments = ArgumentsCamelCase<Awaited<ReturnType<typeof builder>['argv']>>

const EXIT_CODES: Readonly<Record<Verdict, number>> = {
  equal: 0,
  pending: exitCodeOf('not-confirmed'),
  different: exitCodeOf('proof-failed'),
  unknown: exitCodeOf('proof-failed'),
}

export async function run(args: VerifyArguments): Promise<number> {
  const interruption = interruptible()
  const exitCode = await inEachWorkspace(args, interruption.signal, async (opened) => {
    return await verifyOne(opened, args, interruption.signal)
  })
  return interruption.exitCode(exitCode)
}

async function verifyOne(
  { workspace, config }: OpenedWorkspace,
  args: VerifyArguments,
  signal: AbortSignal,
): Promise<number> {
  const [{ openView }, { verify }] = await Promise.all([
    import('../../inspect/view.js'),
    import('../../inspect/verify.js'),
  ])
  const view = await openView(workspace, config, args.commit ?? null)
  const printer = printerFor(args)
  const examine = async (): Promise<VerifyReport> => {
    const report = await whileWaiting(args, 'comparing every file', async () => await verify(view, signal))
    printer.event(report)
    renderVerification(printer, report)
    return report
  }
  const first = await examine()
  if (first.verdict === 'equal' || !args.repair) return EXIT_CODES[first.verdict]
  const pushed = await repair(view, first, args, signal)
  if (pushed.error !== null) return exitCodeOf(pushed.error.code)
  return EXIT_CODES[(await examine()).verdict]
}

/** Asked to repair, a push may overwrite what others wrote; where nothing can be listed, everything is sent. */
async function repair(
  { workspace, config, commit }: View,
  { verdict, by }: VerifyReport,
  args: VerifyArguments,
  signal: AbortSignal,
): Promise<PushReport> {
  const isForeign = verdict !== 'pending'
  const overwriting = { ...CAREFUL, commit, force: isForeign, full: isForeign && by !== 'listing' }
  return await runPush({ ...overwriting, workspace, config, trigger: 'repair' }, args, signal)
}
