import { join } from 'node:path'
import type { Config } from './config/config.js'
import { type Login, loginOf } from './config/credentials.js'
import { isPinned } from './config/translated-path.js'
import type { Dialect } from './delivery/dialects/dialect.js'
import { deltaOf } from './delivery/prepare.js'
import type { Receiver, ReceiverStatus } from './delivery/receiver.js'
import { countOperations, type OperationCounts, type TreeId } from './delta/operation.js'
import { identityOf, receiverFor } from './identity.js'
import { outboxOf, snapshotOptions } from './preparation.js'
import { type BackgroundFailure, readBackgroundFailure } from './report/background.js'
import { type ReportedError, reportedError } from './report/report.js'
import { readConfirmed } from './snapshot/confirmed.js'
import { takeSnapshot } from './snapshot/scan.js'
import { clearInterrupted, openShadow, type Shadow } from './snapshot/shadow.js'
import type { Workspace } from './snapshot/workspace.js'
import { asDeltaError } from './support/errors.js'
import { EMPTY_TREE } from './support/git.js'
import { tryLock } from './support/lock.js'

/** Both ends of a workspace, side by side. */
export interface StatusReport {
  readonly event: 'status'
  readonly workspace: string
  readonly collection: string
  /** Whether the workspace path has digits of its own, so that its last part alone says which workspace it is. */
  readonly is_pinned: boolean
  readonly receiver: string
  /** Who is known to the receiver, by whatever means; null where nothing is shown to it. Never the secret. */
  readonly login: Login | null
  /** null while a push is running: it owns the shadow repository. */
  readonly here: { readonly tree: TreeId; readonly skipped: number } | null
  readonly there: {
    readonly tree: TreeId | null
    readonly sequence: number | null
    readonly last_upload: string | null
    readonly pending_operations: number | null
    readonly mirror: string | null
    /** What tells one workspace from another there: its whole path, or the name of the folder alone. */
    readonly identified_by: Dialect['identifiedBy'] | null
    /** What kind of server answers, and what that means; null where it could not be asked. */
    readonly dialect: string | null
    readonly dialect_summary: string | null
    readonly error: ReportedError | null
  }
  readonly confirmed: { readonly tree: TreeId; readonly sequence: number; readonly at: string } | null
  readonly pending: {
    /** What the next push would send; null where that is not known. */
    readonly operations: OperationCounts | null
    readonly bundles: number
    readonly bytes: number
    /** A bundle was sent and its answer is missing. */
    readonly attempted: boolean
  }
  /** The push in the background that failed last, until one is done. */
  readonly background_failure: BackgroundFailure | null
  readonly equal: 'yes' | 'no' | 'unknown'
}

/** Looks at both ends; changes nothing at either. */
export async function readStatusReport(
  workspace: Workspace,
  config: Config,
  signal: AbortSignal,
): Promise<StatusReport> {
  const identity = identityOf(workspace, config)
  const shadow = await openShadow(workspace)
  const receiver = await receiverFor(config, identity)
  const [here, asked] = await Promise.all([lookHere(shadow, config), ask(receiver, signal)])
  const confirmed = await readConfirmed(shadow, receiver.key)
  const waiting = await outboxOf(shadow, receiver).list()
  const operations = here === null ? null : (await deltaOf(shadow, confirmed?.tree ?? EMPTY_TREE, here.tree)).operations
  return {
    event: 'status',
    workspace: identity.workspacePath,
    collection: identity.collectionName,
    is_pinned: isPinned(identity.workspacePath),
    receiver: receiver.name,
    login: loginOf(config.credentials),
    here,
    there: asked,
    confirmed:
      confirmed === null ? null : { tree: confirmed.tree, sequence: confirmed.sequence, at: confirmed.confirmedAt },
    pending: {
      operations: operations === null ? null : countOperations(operations),
      bundles: waiting.length,
      bytes: waiting.reduce((sum, { bytes }) => sum + bytes, 0),
      attempted: waiting.some(({ attemptedAt }) => attemptedAt !== null),
    },
    background_failure: await readBackgroundFailure(shadow.directory),
    equal: here === null || asked.tree === null ? 'unknown' : here.tree === asked.tree ? 'yes' : 'no',
  }
}

async function lookHere(shadow: Shadow, config: Config): Promise<StatusReport['here']> {
  if (shadow.workspace.kind === 'bare') return null
  const lock = await tryLock(join(shadow.directory, 'push.lock'))
  if (!('release' in lock)) return null
  try {
    await clearInterrupted(shadow)
    const { tree, skipped } = await takeSnapshot(shadow, snapshotOptions(config))
    return { tree, skipped: skipped.length }
  } finally {
    await lock.release()
  }
}

const NOTHING: Omit<StatusReport['there'], 'error'> = {
  tree: null,
  sequence: null,
  last_upload: null,
  pending_operations: null,
  mirror: null,
  identified_by: null,
  dialect: null,
  dialect_summary: null,
}

async function ask(receiver: Receiver, signal: AbortSignal): Promise<StatusReport['there']> {
  try {
    return describe(await receiver.status(signal))
  } catch (thrown) {
    const error = reportedError(asDeltaError(thrown))
    return { ...NOTHING, error }
  }
}

function describe(status: ReceiverStatus): StatusReport['there'] {
  const { tree, sequence, lastUpload, pendingOperations, mirror, dialect } = status
  return {
    tree,
    sequence,
    last_upload: lastUpload,
    pending_operations: pendingOperations,
    mirror,
    identified_by: dialect.identifiedBy,
    dialect: dialect.name,
    dialect_summary: dialect.summary,
    error: null,
  }
}
