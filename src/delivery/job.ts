import type { GitHistory } from '../bundle/git-history.js'
import type { Delta, TreeId } from '../delta/operation.js'
import type { Trigger } from '../snapshot/confirmed.js'
import type { Shadow } from '../snapshot/shadow.js'
import type { Lock } from '../support/lock.js'
import type { LeftBehind } from './dialects/carry.js'
import type { Outbox, OutboxEntry } from './outbox.js'
import type { Receiver, ReceiverStatus } from './receiver.js'
import type { RecoveryMode } from './recover.js'
import type { DeliveryContext } from './retry.js'

export interface SynchroniseOptions {
  /** Overwrite what another writer left. */
  readonly force: boolean
  /** Send everything, whatever the receiver has. */
  readonly full: boolean
  /** What the receiver holds, as the user says, for a receiver that cannot tell. */
  readonly saidBase: TreeId | null
  readonly trigger: Trigger
  /** When the push began, before the snapshot. */
  readonly startedAt: Date
  /** Delete most of what the receiver holds. */
  readonly allowMassDelete: boolean
  /** What is done where a server lost its place and cannot tell what it holds. */
  readonly recovery: RecoveryMode
  readonly workspacePath: string
  readonly collectionName: string
  readonly limits: { readonly operations: number; readonly bytes: number }
}

export interface SynchroniseContext extends DeliveryContext {
  readonly randomId: () => string
  readonly onNotice: (message: string) => void
  readonly onDelta: (delta: Delta) => void
  readonly onBundle: (entry: OutboxEntry) => void
  readonly onConfirmed: (entry: OutboxEntry, tree: TreeId | null) => void
}

/** One receiver, and the snapshot that it shall hold. */
export interface SynchroniseJob {
  readonly shadow: Shadow
  readonly receiver: Receiver
  readonly outbox: Outbox
  readonly lock: Lock
  readonly target: TreeId
  readonly options: SynchroniseOptions
  readonly context: SynchroniseContext
  readonly readCommits?: ReadCommits
}

/** Reads the commits after the one up to which the receiver was told; null where there are none. */
export type ReadCommits = (since: string | null) => Promise<GitHistory | null>

/** How a round ended. */
export interface Next {
  /** The receiver holds the target. */
  readonly isDone: boolean
  /** `status` is not known to be true any more. */
  readonly isStale: boolean
  readonly status: ReceiverStatus
  /** It was sent, and nobody can say whether this receiver applied it: it tells no more than a number. */
  readonly isUnclear?: boolean
  /** What the receiver does not get, although it was tried or because it cannot be. */
  readonly leftBehind?: readonly LeftBehind[]
}
