import type { OpenedWorkspace } from '../../api/workspace.js'
import { push } from '../../push.js'
import { CAREFUL } from '../../push-request.js'
import { forgetBackgroundFailure, recordBackgroundFailure } from '../../report/background.js'
import { failedReport, type PushReport } from '../../report/report.js'
import { asDeltaError, DeltaError } from '../../support/errors.js'
import type { CommonArguments, ReceiverArguments } from '../arguments.js'
import { findWorkspaces } from '../open-workspace.js'
import type { Printer } from '../print.js'

/**
 * Pushes every workspace of the repository, whatever folder git was called in: a commit may touch any of them. What fails
 * in one is recorded there, and does not hold up the others. Returns the first report that tells of a failure, else the
 * last one.
 */
export async function pushEach(
  args: CommonArguments & ReceiverArguments,
  printer: Printer,
  signal: AbortSignal,
): Promise<PushReport> {
  const { folders, open, whole } = await findWorkspaces(args)
  const reports: PushReport[] = []
  for (const folder of folders) {
    const report = await pushOne(async () => await open(folder), folder ?? whole.root, printer, signal)
    printer.event(report)
    reports.push(report)
  }
  const failed = reports.find(({ error }) => error !== null)
  if (failed === undefined) await forgetBackgroundFailure(whole.stateDirectory)
  const report = failed ?? reports.at(-1)
  if (report === undefined) throw new DeltaError('internal', 'There was no workspace to push.')
  return report
}

async function pushOne(
  open: () => Promise<OpenedWorkspace>,
  name: string,
  printer: Printer,
  signal: AbortSignal,
): Promise<PushReport> {
  try {
    const { workspace, config } = await open()
    const request = { ...CAREFUL, workspace, config, trigger: 'hook' } as const
    const report = await push(request, { signal, onEvent: printer.event })
    if (report.error !== null && workspace.part !== null)
      await recordBackgroundFailure(workspace.stateDirectory, report.error, new Date().toISOString())
    return report
  } catch (thrown) {
    return failedReport({ workspace: name, receiver: '', error: asDeltaError(thrown), duration: 0 })
  }
}
