import type { Sight } from './events.js'

/** When to push. All in milliseconds. */
export interface Timing {
  /** Nothing changes for so long before anything is sent. */
  readonly settle: number
  /** A push looks at changes so much earlier, but not before half of that is over, and waits with what it saw. */
  readonly headStart: number
  /** A storm of changes holds a push up for so long at most. */
  readonly longest: number
  /** While git is in the middle of something, this long without a change means that it waits for the user. */
  readonly gitPatience: number
  /** The wait after a failure that may pass by itself: it doubles from the first to the longest. */
  readonly firstRetry: number
  readonly longestRetry: number
}

/** When to look at what no event tells. All in milliseconds. */
export interface WatchTiming extends Timing {
  /** How often the clock, the root and files outside of it are looked at. */
  readonly beat: number
  /** The longest time without a look, where the system tells of changes. */
  readonly fullLook: number
  /** The same where it does not: a multiple of what a look takes, within these bounds. */
  readonly poll: { readonly least: number; readonly most: number }
}

export const WATCH_TIMING: WatchTiming = {
  settle: 300,
  headStart: 1000,
  longest: 2000,
  gitPatience: 10_000,
  firstRetry: 1000,
  longestRetry: 30_000,
  beat: 2000,
  fullLook: 5 * 60_000,
  poll: { least: 2000, most: 60_000 },
}

/** Polling takes at most a tenth of the time. */
const POLL_FACTOR = 10

/** The longest time until the next look, after one that took so long. */
export function lookInterval(sight: Sight | null, duration: number, { poll, fullLook }: WatchTiming): number {
  if (sight?.by === 'events') return fullLook
  return Math.min(poll.most, Math.max(poll.least, duration * POLL_FACTOR))
}
