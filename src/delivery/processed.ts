import { type OperationCounts, totalOperations } from '../delta/operation.js'
import { asFields } from '../support/json.js'

/** What a server counts of a bundle (protocol.md §1, `processed_operations`). */
export interface Processed extends OperationCounts {
  readonly skipped: number
  /** Files that it has already; some servers count them as skipped too. */
  readonly hashMatches: number
  readonly failed: number
}

const COUNTED = {
  created: 'created',
  updated: 'updated',
  deleted: 'deleted',
  moved: 'moved',
  skipped: 'skipped',
  hashMatches: 'skipped_hash_match',
  failed: 'failed',
} as const

/** Reads what was counted; null where nothing was, which says as little of a bundle as no word at all. */
export function parseProcessed(value: unknown): Processed | null {
  const fields = asFields(value)
  const isCounted = Object.values(COUNTED).some((name) => typeof fields?.[name] === 'number')
  if (fields === null || !isCounted) return null
  const number = (name: keyof typeof COUNTED): number => {
    const count = fields[COUNTED[name]]
    return typeof count === 'number' ? count : 0
  }
  return {
    created: number('created'),
    updated: number('updated'),
    deleted: number('deleted'),
    moved: number('moved'),
    skipped: number('skipped'),
    hashMatches: number('hashMatches'),
    failed: number('failed'),
  }
}

/**
 * How many steps of a bundle are not accounted for: `success` stays true where some failed. A file has to be counted as
 * written, moved or known; a deletion as carried out, or as skipped, because there was nothing to delete.
 */
export function unapplied(processed: Processed, steps: OperationCounts): number {
  const written = processed.created + processed.updated + processed.moved + processed.hashMatches
  const files = totalOperations(steps) - steps.deleted
  const missing = Math.max(0, files - written) + Math.max(0, steps.deleted - processed.deleted - processed.skipped)
  return Math.max(processed.failed, missing)
}
