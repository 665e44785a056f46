import { DeltaError, type ErrorCode } from '../support/errors.js'
import type { Dialect } from './dialects/dialect.js'
import type { OutboxEntry } from './outbox.js'

export interface FailureSituation {
  readonly dialect: Dialect
  /** It was sent before, or accepted, and what became of that is not known. */
  readonly isRepeated: boolean
  readonly now: Date
}

/** It arrived, and was not taken, or nothing came of it. */
const TELLING: ReadonlySet<ErrorCode> = new Set(['bundle-refused', 'not-authorised', 'not-confirmed'])

/**
 * The entry of a bundle that a receiver did not take: as if it had never been sent where the failure tells that nothing
 * changed, so that what the work tree becomes takes its place; else as one of which some may have been applied. So nothing
 * is sent for ever that always fails. Null where the failure says nothing of the bundle.
 */
export function afterFailure(entry: OutboxEntry, failure: unknown, situation: FailureSituation): OutboxEntry | null {
  if (!(failure instanceof DeltaError) || !TELLING.has(failure.code)) return null
  const at = situation.now.toISOString()
  if (isWithoutEffect(failure, situation)) return { ...entry, attemptedAt: null, refusedAt: at }
  if (failure.code === 'not-authorised') return null
  return { ...entry, attemptedAt: entry.attemptedAt ?? at, isPartlyApplied: true }
}

/**
 * A receiver that proves its tree takes all of a bundle or nothing. Of the others, who refuses by the status of HTTP has not
 * begun, nor has one that applies only after its answer and cannot read the bundle; any other failure may have come in the
 * middle (protocol.md §1, §3).
 */
function isWithoutEffect({ code, facts }: DeltaError, { dialect, isRepeated }: FailureSituation): boolean {
  if (code === 'not-confirmed') return false
  if (dialect.proof === 'tree' && code === 'bundle-refused') return true
  if (isRepeated) return false
  const isBeforeItApplies = dialect.proof === 'status' && facts.code === 'PROCESSING_ERROR'
  return code === 'not-authorised' || typeof facts.status === 'number' || isBeforeItApplies
}
