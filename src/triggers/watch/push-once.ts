import { push } from '../../push.js'
import { CAREFUL, type PushContext } from '../../push-request.js'
import { failedReport, type PushReport } from '../../report/report.js'
import type { Workspace } from '../../snapshot/workspace.js'
import { asDeltaError } from '../../support/errors.js'
import type { Gate } from './gate.js'
import type { Settings } from './settings.js'

/**
 * The same push as of the command, with the configuration as it is now. One that comes after a failure does not insist:
 * it is made again later. What it waited at the gate is not counted as its duration. Never throws: what went wrong is in
 * the report.
 */
export async function pushOnce(
  workspace: Workspace,
  settings: Settings,
  failures: number,
  gate: Gate,
  { signal, onEvent }: PushContext,
): Promise<PushReport> {
  const started = performance.now()
  try {
    const config = await settings.read()
    const insistence = failures > 0 ? { maxRetries: 0 } : {}
    const request = { ...CAREFUL, workspace, config: { ...config, ...insistence }, trigger: 'watch' } as const
    const report = await push(request, { signal, onEvent, mayDeliver: async () => await gate.mayDeliver() })
    return { ...report, duration_ms: report.duration_ms - gate.waited }
  } catch (thrown) {
    const receiver = settings.last?.endpoint ?? 'embedded receiver'
    const duration = Math.round(performance.now() - started)
    return failedReport({ workspace: workspace.root, receiver, error: asDeltaError(thrown), duration })
  }
}
