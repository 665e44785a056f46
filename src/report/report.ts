import {
  NO_OPERATIONS,
  type Operation,
  type OperationCounts,
  type OperationKind,
  type TreeId,
} from '../delta/operation.js'
import type { Skipped } from '../snapshot/eligibility.js'
import type { DeltaError, ErrorCode, ErrorFacts } from '../support/errors.js'
import { traceFailure } from '../support/trace.js'

/** One bundle as the report tells of it. */
export interface ReportedBundle {
  readonly id: string
  readonly sequence: number
  readonly bytes: number
}

/** One operation as people and commands read it: without the ids of contents. */
export interface ReportedOperation {
  readonly operation: OperationKind
  readonly path: string
  readonly source_path?: string
}

export interface ReportedError {
  readonly code: ErrorCode
  readonly message: string
  readonly next: string | null
  readonly facts: ErrorFacts
}

/**
 * - `confirmed`: the receiver applied what was sent, and both ends hold the same tree where the receiver can tell;
 * - `unchanged`: there was nothing to send;
 * - `queued`: written to the outbox, but not confirmed;
 * - `dry-run`: nothing was sent or written;
 * - `failed`: see `error`.
 */
export type Outcome = 'confirmed' | 'unchanged' | 'queued' | 'dry-run' | 'failed'

/** What a push did: the one value that the terminal, the JSON events and the job summary are made from. */
export interface PushReport {
  readonly event: 'report'
  readonly outcome: Outcome
  readonly workspace: string
  readonly receiver: string
  readonly sequence: number | null
  /** The snapshot here. */
  readonly tree: TreeId | null
  /** The tree that the receiver computed of what it holds; null where it does not tell. */
  readonly receiver_tree: TreeId | null
  readonly commit: string | null
  readonly operations: OperationCounts
  readonly bundles: readonly ReportedBundle[]
  readonly skipped: readonly Skipped[]
  readonly mirror: string | null
  /** Only in a dry run: every operation, in order. */
  readonly plan?: readonly ReportedOperation[]
  /** What happened at the embedded receiver, where `fallback` called it in. */
  readonly fallback?: PushReport
  readonly error: ReportedError | null
  readonly duration_ms: number
}

/** What is told while a push runs; one JSON object a line with `--json`. */
export type PushEvent =
  | { readonly event: 'notice'; readonly message: string }
  | { readonly event: 'snapshot'; readonly tree: TreeId; readonly skipped: number; readonly duration_ms: number }
  /** What is sent from here on, in one bundle or many. */
  | { readonly event: 'delta'; readonly operations: OperationCounts }
  | {
      readonly event: 'bundle'
      readonly id: string
      readonly sequence: number
      readonly bytes: number
      readonly operations: OperationCounts
    }
  /** How much of it has left. */
  | { readonly event: 'sending'; readonly id: string; readonly sent: number; readonly bytes: number }
  | { readonly event: 'confirmed'; readonly id: string; readonly sequence: number; readonly tree: TreeId | null }
  | { readonly event: 'retry'; readonly attempt: number; readonly delay_ms: number; readonly message: string }
  | { readonly event: 'after-push'; readonly exit_code: number; readonly duration_ms: number }

export function reportedError(error: DeltaError): ReportedError {
  traceFailure(error.code, error)
  return { code: error.code, message: error.message, next: error.next, facts: error.facts }
}

export function reportedOperations(operations: readonly Operation[]): ReportedOperation[] {
  return operations.map((operation) => ({
    operation: operation.kind,
    path: operation.path,
    ...(operation.kind === 'moved' ? { source_path: operation.source } : {}),
  }))
}

/** The report of a push that ended before it could send anything. */
export function failedReport(facts: {
  workspace: string
  receiver: string
  error: DeltaError
  duration: number
}): PushReport {
  return {
    event: 'report',
    outcome: 'failed',
    workspace: facts.workspace,
    receiver: facts.receiver,
    sequence: null,
    tree: null,
    receiver_tree: null,
    commit: null,
    operations: NO_OPERATIONS,
    bundles: [],
    skipped: [],
    mirror: null,
    error: reportedError(facts.error),
    duration_ms: facts.duration,
  }
}
