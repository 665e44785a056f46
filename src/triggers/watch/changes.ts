import type { Timing } from './timing.js'

/** When the first and the last of some changes were noticed. */
export interface Changes {
  readonly first: number
  readonly last: number
}

export function together(earlier: Changes | null, later: Changes | null): Changes | null {
  return earlier === null || later === null ? (earlier ?? later) : { first: earlier.first, last: later.last }
}

/** When changes came to rest, or have waited for as long as a storm may last. */
export function restTime({ first, last }: Changes, { settle, longest }: Timing): number {
  return Math.min(last + settle, first + longest)
}

/**
 * From when on a push may look at changes, before they came to rest: in the second half of the settle time. Not again
 * after one that was for nothing, and not in a storm: both last longer. Nor where a look takes so many milliseconds that
 * one for nothing costs more than it can win.
 */
export function lookTime(changes: Changes, lookTakes: number, timing: Timing): number {
  const { settle, headStart } = timing
  const isBrief = changes.last - changes.first < settle / 2
  const isWorthIt = isBrief && lookTakes <= settle * 2
  return restTime(changes, timing) - (isWorthIt ? Math.min(settle / 2, headStart) : 0)
}
