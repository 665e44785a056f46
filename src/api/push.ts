import { maintainIfDue } from '../maintain.js'
import { push as pushRequested } from '../push.js'
import { CAREFUL } from '../push-request.js'
import type { PushEvent, PushReport } from '../report/report.js'
import { openWorkspace, type WorkspaceOptions } from './workspace.js'

/** Everything is as for `ce-delta push` where it is left out. */
export interface PushOptions extends WorkspaceOptions {
  /** Say what would be sent (`plan` in the report), and send nothing. */
  readonly dryRun?: boolean
  /** Push this commit instead of the work tree; works in a bare repository. */
  readonly commit?: string
  /** Send everything, whatever the receiver has. */
  readonly full?: boolean
  /** Overwrite what another writer left at the receiver; push a folder that is too large to be meant. */
  readonly force?: boolean
  /** Delete most of what the receiver has; without it that is taken for an accident. */
  readonly allowMassDelete?: boolean
  /** Ends the push in order; the next one goes on. */
  readonly signal?: AbortSignal
  /** What `--json` prints, as it happens. */
  readonly onEvent?: (event: PushEvent) => void
}

/**
 * Sends what changed since the last push, and proves that both ends are equal. Resolves with the report whatever came
 * of it: `error` in it says what went wrong. Rejects with a `DeltaError` only where it cannot begin, because there is no
 * workspace or its configuration is wrong.
 */
export async function push(options: PushOptions = {}): Promise<PushReport> {
  const { dryRun = false, commit = null, full = false, force = false, allowMassDelete = false } = options
  const { signal = new AbortController().signal, onEvent = () => undefined } = options
  const { workspace, config } = await openWorkspace(options)
  const request = { ...CAREFUL, workspace, config, dryRun, commit, full, force, allowMassDelete }
  const report = await pushRequested(request, { signal, onEvent })
  if (report.outcome === 'confirmed') await maintainIfDue(workspace, config)
  return report
}
