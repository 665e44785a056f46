import type { Sight, WatchState, WatchStatus } from './events.js'
import type { Journal } from './journal.js'
import { isPending, type Schedule } from './schedule.js'

/** What a watch is doing, and whether it leaves something to do: a push that was interrupted, or that failed, does. */
export function standing(schedule: Schedule, isInTrouble: boolean): { state: WatchState; pending: boolean } {
  return { state: stateOf(schedule, isInTrouble), pending: isPending(schedule) || isInTrouble }
}

/** What a watch is doing, in one word: what people want to know first. */
function stateOf(schedule: Schedule, isInTrouble: boolean): WatchState {
  const { isPushing, ahead, isPaused, gitBusyAt, failures, unseen, lookSince } = schedule
  if (isPushing && ahead === null) return 'pushing'
  if (isPaused) return 'paused'
  if (failures > 0) return 'retrying'
  if (gitBusyAt !== null) return 'waiting for git'
  if (unseen !== null || ahead !== null || lookSince !== null) return 'changed'
  return isInTrouble ? 'stopped' : 'equal'
}

/** All that is told of a running watch. */
export function statusOf(facts: {
  readonly root: string
  readonly since: string
  readonly sight: Sight | null
  readonly schedule: Schedule
  readonly journal: Journal
}): WatchStatus {
  const { root, since, sight, schedule, journal } = facts
  const { receiver, pushes, lastPush, trouble } = journal
  return {
    event: 'watch-status',
    pid: process.pid,
    root,
    receiver,
    since,
    ...standing(schedule, trouble !== null),
    sight,
    pushes,
    last_push: lastPush,
    trouble,
  }
}
