import type { Config } from '../../config/config.js'
import { askStatus } from '../../delivery/ask-status.js'
import { identityOf, receiverFor } from '../../identity.js'
import { deliveryContext } from '../../preparation.js'
import { push } from '../../push.js'
import type { PushContext } from '../../push-request.js'
import { failedReport, type PushReport } from '../../report/report.js'
import { readConfirmed } from '../../snapshot/confirmed.js'
import { openShadow } from '../../snapshot/shadow.js'
import type { Workspace } from '../../snapshot/workspace.js'
import { asDeltaError, DeltaError } from '../../support/errors.js'
import { gitTextOrNull } from '../../support/git.js'
import { type BaseChoice, chooseBase } from './base.js'
import { restoreState, type StateOutcome, saveState } from './state.js'

export interface CiRequest {
  readonly workspace: Workspace
  readonly config: Config
  readonly commit: string
  /** The commit that the receiver holds, as the user says; null where they do not. */
  readonly base: string | null
  readonly full: boolean
  readonly allowMassDelete: boolean
  /** Where the state of an earlier run is, and that of this one is left; null for none. */
  readonly stateFolder: string | null
}

export interface CiResult {
  readonly base: BaseChoice | null
  readonly state: StateOutcome | null
  readonly isStateSaved: boolean
  readonly report: PushReport
}

/**
 * Pushes a commit from a machine that remembers nothing: the base of the delta comes from the state that an earlier run
 * left, else from the receiver, else from the user, and else everything is sent. Never throws: see the report.
 */
export async function runCi(request: CiRequest, context: PushContext): Promise<CiResult> {
  const { workspace, config, stateFolder } = request
  const started = performance.now()
  const identity = identityOf(workspace, config)
  try {
    if (config.endpoint === null) throw noEndpoint()
    const shadow = await openShadow(workspace)
    const receiver = await receiverFor(config, identity)
    const state = stateFolder === null ? null : await restoreState(shadow, receiver.key, stateFolder)
    const status = await askStatus(receiver, deliveryContext(config, context))
    const said = request.base === null ? null : { commit: request.base, isHere: await isHere(workspace, request.base) }
    const confirmed = await readConfirmed(shadow, receiver.key)
    const base = chooseBase({ confirmed, receiver: status, said, full: request.full })
    const report = await pushFrom(base, request, context)
    const isStateSaved = stateFolder !== null && (await saveState(shadow, receiver.key, stateFolder))
    return { base, state, isStateSaved, report }
  } catch (thrown) {
    const duration = Math.round(performance.now() - started)
    const { workspacePath } = identity
    const report = failedReport({
      workspace: workspacePath,
      receiver: config.endpoint ?? '',
      error: asDeltaError(thrown),
      duration,
    })
    return { base: null, state: null, isStateSaved: false, report }
  }
}

async function pushFrom(base: BaseChoice, request: CiRequest, context: PushContext): Promise<PushReport> {
  const { workspace, config, commit, full, allowMassDelete } = request
  const said = base.kind === 'commit' && request.base !== null ? { base: request.base } : {}
  // A restored record that is older than what the receiver has is the usual case, and no other writer's work.
  const force = base.isStateStale
  const facts = {
    workspace,
    config,
    commit,
    full,
    allowMassDelete,
    force,
    dryRun: false,
    trigger: 'ci',
    ...said,
  } as const
  return await push(facts, context)
}

/** Nothing is ever fetched: a fetch with a depth would cut the user's history (users.md §2: 31). */
async function isHere(workspace: Workspace, commit: string): Promise<boolean> {
  if (workspace.git === null) return false
  const args = ['rev-parse', '--quiet', '--verify', '--end-of-options', `${commit}^{commit}`]
  try {
    return (await gitTextOrNull(workspace.git.repository, args)) !== null
  } catch (thrown) {
    if (thrown instanceof DeltaError && thrown.code === 'objects-missing') return false
    throw thrown
  }
}

function noEndpoint(): DeltaError {
  return new DeltaError('configuration-invalid', 'No endpoint is configured, so there is nothing to upload to.', {
    next: 'Set the input endpoint (CE_DELTA_ENDPOINT); a secret is empty in a fork, and for a bot.',
  })
}
