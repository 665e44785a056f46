import { type Changes, lookTime, restTime, together } from './changes.js'
import type { Timing } from './timing.js'

/**
 * What a watch knows about when to push. A value: everything that happens makes a new one, and the time is always an
 * argument, on a clock that never goes back.
 */
export interface Schedule {
  /** Changes that no push has looked at yet; null where there are none. */
  readonly unseen: Changes | null
  /**
   * The changes that the push that runs looks at before they came to rest: it delivers nothing until they did. null:
   * it may deliver, or none runs.
   */
  readonly ahead: Changes | null
  /** How long the last look took, in milliseconds. */
  readonly lookTakes: number
  /** Since when somebody wants a look although nothing is known to have changed. */
  readonly lookSince: number | null
  /** Somebody asked for a push that nothing holds up. */
  readonly isFlushAsked: boolean
  readonly isPaused: boolean
  readonly isPushing: boolean
  /** Nobody asked for the push that runs, nothing is known to have changed, and it found nothing so far. */
  readonly isRoutine: boolean
  /** When git was last seen in the middle of something, since the last push began. */
  readonly gitBusyAt: number | null
  /** Pushes that failed in a row, for a reason that may pass by itself. */
  readonly failures: number
  readonly notBefore: number
  /** The next look that nothing asks for; null until there was a first one. */
  readonly nextLook: number | null
}

/** The first push is made at once. */
export function newSchedule(now: number): Schedule {
  return {
    unseen: null,
    ahead: null,
    lookTakes: 0,
    lookSince: now,
    isFlushAsked: false,
    isPaused: false,
    isPushing: false,
    isRoutine: false,
    gitBusyAt: null,
    failures: 0,
    notBefore: 0,
    nextLook: null,
  }
}

/**
 * How a push ended:
 * - `done`: both ends are equal, as far as can be known;
 * - `passing`: what stopped it may pass by itself, so it is tried again;
 * - `standing`: it stays until somebody changes something.
 */
export type PushResult = 'done' | 'passing' | 'standing'

export type Happening =
  | { readonly kind: 'changed' }
  /** Look at once and forget earlier failures: something happened that says nothing about files, like waking up. */
  | { readonly kind: 'look' }
  | { readonly kind: 'flush' }
  | { readonly kind: 'paused' }
  | { readonly kind: 'resumed' }
  | { readonly kind: 'git is busy' }
  | { readonly kind: 'push began' }
  /** The push that runs has its snapshot, after so many milliseconds. */
  | { readonly kind: 'looked'; readonly took: number }
  /** What the push that runs looked at ahead of time came to rest as it was then. */
  | { readonly kind: 'came to rest' }
  /** The push that runs ended before it delivered anything, as it was told to. */
  | { readonly kind: 'push withdrawn' }
  /** The push that runs has something to send. */
  | { readonly kind: 'push found' }
  | { readonly kind: 'push ended'; readonly result: PushResult; readonly nextLook: number }

/** The schedule after something happened. */
export function advance(schedule: Schedule, happening: Happening, now: number, timing: Timing): Schedule {
  switch (happening.kind) {
    case 'changed':
      return { ...schedule, unseen: { first: schedule.unseen?.first ?? now, last: now } }
    case 'look':
      return { ...schedule, lookSince: schedule.lookSince ?? now, notBefore: 0 }
    case 'flush':
      return { ...schedule, isFlushAsked: true }
    case 'paused':
      return { ...schedule, isPaused: true }
    case 'resumed':
      return { ...schedule, isPaused: false }
    case 'git is busy':
      return { ...schedule, gitBusyAt: now }
    case 'push began':
      return {
        ...schedule,
        isPushing: true,
        isRoutine: !isWanted(schedule),
        ahead: isAhead(schedule, now, timing) ? schedule.unseen : null,
        unseen: null,
        lookSince: null,
        isFlushAsked: false,
        gitBusyAt: null,
      }
    case 'looked':
      return { ...schedule, lookTakes: happening.took }
    case 'came to rest':
      return { ...schedule, ahead: null }
    case 'push withdrawn':
      return { ...schedule, isPushing: false, ahead: null, unseen: together(schedule.ahead, schedule.unseen) }
    case 'push found':
      return { ...schedule, isRoutine: false }
    case 'push ended':
      return afterPush(schedule, happening, now, timing)
  }
}

function afterPush(
  schedule: Schedule,
  { result, nextLook }: { readonly result: PushResult; readonly nextLook: number },
  now: number,
  timing: Timing,
): Schedule {
  const ended = { ...schedule, isPushing: false, ahead: null, nextLook }
  if (result !== 'passing') return { ...ended, failures: 0, notBefore: 0 }
  const wait = Math.min(timing.longestRetry, timing.firstRetry * 2 ** Math.min(schedule.failures, 30))
  return { ...ended, failures: schedule.failures + 1, notBefore: now + wait, lookSince: schedule.lookSince ?? now }
}

export type Decision =
  /** Unless git is busy; with `evenIfGitIsBusy` all the same. */
  | { readonly kind: 'push'; readonly evenIfGitIsBusy: boolean }
  /** The same for the push that runs and began ahead of time: it goes on with the snapshot that it has. */
  | { readonly kind: 'deliver'; readonly evenIfGitIsBusy: boolean }
  /** The push that runs and began ahead of time ends; another one takes its place when it is due. */
  | { readonly kind: 'withdraw' }
  /** Nothing to do before this time; null: until something happens. */
  | { readonly kind: 'wait'; readonly until: number | null }

/** What to do now. */
export function decide(schedule: Schedule, now: number, timing: Timing): Decision {
  if (schedule.ahead !== null) return decideAhead(schedule, schedule.ahead, now, timing)
  if (schedule.isPushing) return { kind: 'wait', until: null }
  if (schedule.isFlushAsked) return { kind: 'push', evenIfGitIsBusy: true }
  if (schedule.isPaused) return { kind: 'wait', until: null }
  const due = dueTime(schedule, timing)
  if (due === null || now < due) return { kind: 'wait', until: due }
  const lastSign = schedule.unseen?.last ?? schedule.lookSince ?? schedule.nextLook ?? now
  return { kind: 'push', evenIfGitIsBusy: now - lastSign >= timing.gitPatience }
}

/** Whatever happened since it began may have been seen half, or not at all. */
function decideAhead(schedule: Schedule, ahead: Changes, now: number, timing: Timing): Decision {
  const { unseen, isFlushAsked, isPaused, gitBusyAt } = schedule
  if (unseen !== null || isFlushAsked || isPaused || gitBusyAt !== null) return { kind: 'withdraw' }
  const rest = restTime(ahead, timing)
  if (now < rest) return { kind: 'wait', until: rest }
  return { kind: 'deliver', evenIfGitIsBusy: now - ahead.last >= timing.gitPatience }
}

function dueTime(schedule: Schedule, timing: Timing): number | null {
  const { unseen, lookSince, nextLook, gitBusyAt, notBefore, lookTakes } = schedule
  const reasons = [
    ...(unseen === null ? [] : [lookTime(unseen, lookTakes, timing)]),
    ...[lookSince, nextLook].filter((time) => time !== null),
  ]
  if (reasons.length === 0) return null
  const gitAgain = gitBusyAt === null ? 0 : gitBusyAt + timing.settle
  return Math.max(Math.min(...reasons), gitAgain, notBefore)
}

function isAhead(schedule: Schedule, now: number, timing: Timing): boolean {
  return schedule.unseen !== null && isOnlyByChanges(schedule, now) && now < restTime(schedule.unseen, timing)
}

/** Whether a push that is due now has changes for its only reason. */
export function isOnlyByChanges({ unseen, lookSince, isFlushAsked, nextLook }: Schedule, now: number): boolean {
  return unseen !== null && lookSince === null && !isFlushAsked && nextLook !== null && now < nextLook
}

/** Whether something waits for a push, or for the end of the one that runs. */
export function isPending(schedule: Schedule): boolean {
  return isWanted(schedule) || (schedule.isPushing && !schedule.isRoutine)
}

function isWanted({ unseen, lookSince, isFlushAsked }: Schedule): boolean {
  return unseen !== null || lookSince !== null || isFlushAsked
}
