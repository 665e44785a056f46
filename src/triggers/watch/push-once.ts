import { push } from '../../push.js'
import { CAREFUL, type PushContext } from '../../push-request.js'
import { failedReport, type PushReport } from '../../report/report.js'
import type { Workspace } from '../../snapshot/workspace.js'
import { asDeltaError } from '../../support/errors.js'
import type { Settings } from './settings.js'

/**
 * The same push as of the command, with the configuration as it is now. One that comes after a failure does not insist:
 * it is made again later. Never throws: what went wrong is in the report.
 */
export async function pushOnce(
  workspace: Workspace,
  settings: Settings,
  failures: number,
  context: PushContext,
): Promise<PushReport> {
  const started = performance.now()
  try {
    const config = await settings.read()
    const insistence = failures > 0 ? { maxRetries: 0 } : {}
    return await push({ ...CAREFUL, workspace, config: { ...config, ...insistence }, trigger: 'watch' }, context)
  } catch (thrown) {
    const receiver = settings.last?.endpoint ?? 'embedded receiver'
    const duration = Math.round(performance.now() - started)
    return failedReport({ workspace: workspace.root, receiver, error: asDeltaError(thrown), duration })
  }
}
