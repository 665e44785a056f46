import type { OperationCounts, TreeId } from '../../delta/operation.js'
import type { Outcome, PushEvent, PushReport, ReportedError } from '../../report/report.js'

/** What a watch is doing, in one word. */
export type WatchState =
  | 'pushing'
  | 'equal'
  /** Something changed and comes to rest; then it is pushed. */
  | 'changed'
  | 'waiting for git'
  /** It failed for a reason that may pass, and is tried again. */
  | 'retrying'
  /** It failed for a reason that stays until somebody changes something. */
  | 'stopped'
  | 'paused'
  | 'root gone'

export type Sight = { readonly by: 'events' } | { readonly by: 'polling'; readonly reason: string }

export interface LastPush {
  readonly at: string
  readonly outcome: Outcome
  readonly sequence: number | null
  readonly tree: TreeId | null
  readonly operations: OperationCounts
  readonly duration_ms: number
}

export interface Trouble {
  readonly since: string
  readonly error: ReportedError
}

/** What a running watch tells of itself, to its own terminal and to `watch --status`. */
export interface WatchStatus {
  readonly event: 'watch-status'
  readonly pid: number
  readonly root: string
  readonly receiver: string | null
  readonly since: string
  readonly state: WatchState
  /** Something waits for a push, or is in the outbox. */
  readonly pending: boolean
  /** How changes are noticed; null until that is known. */
  readonly sight: Sight | null
  /** How many pushes sent something. */
  readonly pushes: number
  readonly last_push: LastPush | null
  readonly trouble: Trouble | null
}

/** What a watch tells while it runs. `report` and the events of a push are those of every push. */
export type WatchEvent =
  | PushEvent
  | PushReport
  | { readonly event: 'watching'; readonly root: string; readonly pid: number; readonly sight: Sight }
  | { readonly event: 'state'; readonly state: WatchState; readonly pending: boolean }
  /** Told once, and then not again until it is over. */
  | { readonly event: 'trouble'; readonly error: ReportedError }
  | { readonly event: 'recovered'; readonly code: string; readonly duration_ms: number }
  | { readonly event: 'look'; readonly reason: string }
  | { readonly event: 'watch-ended'; readonly pending: boolean; readonly last_push: LastPush | null }
