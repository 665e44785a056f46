import { DeltaError } from '../support/errors.js'
import type { Dialect } from './dialects/dialect.js'
import type { OutboxEntry } from './outbox.js'

export interface RefusalSituation {
  readonly dialect: Dialect
  /** It was sent before, and what became of that is not known. */
  readonly isRepeated: boolean
  readonly now: Date
}

/**
 * The entry of a bundle that was refused for good: as if it had never been sent where the refusal tells that nothing
 * changed, so that what the work tree becomes takes its place; else as one of which some may have been applied. Null where
 * the failure says nothing of the bundle.
 */
export function afterRefusal(entry: OutboxEntry, failure: unknown, situation: RefusalSituation): OutboxEntry | null {
  if (!(failure instanceof DeltaError)) return null
  const { code } = failure
  if (code !== 'bundle-refused' && code !== 'not-authorised') return null
  const refusedAt = situation.now.toISOString()
  if (isWithoutEffect(failure, situation)) return { ...entry, attemptedAt: null, refusedAt }
  if (code === 'not-authorised') return null
  return { ...entry, attemptedAt: entry.attemptedAt ?? refusedAt, isPartlyApplied: true }
}

/**
 * A receiver that proves its tree takes all of a bundle or nothing. Of the others, who refuses by the status of HTTP has not
 * begun, nor has one that applies only after its answer and cannot read the bundle; any other failure may have come in the
 * middle (protocol.md §1, §3).
 */
function isWithoutEffect({ code, facts }: DeltaError, { dialect, isRepeated }: RefusalSituation): boolean {
  if (dialect.proof === 'tree' && code === 'bundle-refused') return true
  if (isRepeated) return false
  const isBeforeItApplies = dialect.proof === 'status' && facts.code === 'PROCESSING_ERROR'
  return code === 'not-authorised' || typeof facts.status === 'number' || isBeforeItApplies
}
