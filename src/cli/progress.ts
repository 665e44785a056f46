import { totalOperations } from '../delta/operation.js'
import type { PushEvent } from '../report/report.js'
import { formatBytes, formatDuration, grouped } from '../support/text.js'

/** How far a push is, from what it told so far. */
export interface Progress {
  readonly stage: 'looking' | 'comparing' | 'sending'
  /** Operations of the whole delta. */
  readonly total: number
  readonly confirmed: { readonly operations: number; readonly bytes: number }
  /** Bundles that were made and are not confirmed yet, by their ids. */
  readonly made: ReadonlyMap<string, { readonly operations: number; readonly bytes: number }>
  /** When the first bundle could be sent; milliseconds of the same clock as `now`. */
  readonly sendingSince: number
}

export const NO_PROGRESS: Progress = {
  stage: 'looking',
  total: 0,
  confirmed: { operations: 0, bytes: 0 },
  made: new Map(),
  sendingSince: 0,
}

/** What an event adds to what is known. */
export function advance(progress: Progress, event: PushEvent, now: number): Progress {
  switch (event.event) {
    case 'snapshot':
      return { ...progress, stage: 'comparing' }
    case 'delta':
      return { ...NO_PROGRESS, stage: 'sending', total: totalOperations(event.operations), sendingSince: now }
    case 'bundle': {
      const bundle = { operations: totalOperations(event.operations), bytes: event.bytes }
      return { ...progress, made: new Map([...progress.made, [event.id, bundle]]) }
    }
    case 'confirmed': {
      const bundle = progress.made.get(event.id) ?? { operations: 0, bytes: 0 }
      const confirmed = {
        operations: progress.confirmed.operations + bundle.operations,
        bytes: progress.confirmed.bytes + bundle.bytes,
      }
      return { ...progress, confirmed, made: new Map([...progress.made].filter(([id]) => id !== event.id)) }
    }
    default:
      return progress
  }
}

const BAR_WIDTH = 20

/** One line for people: a bar, how much of how much, how fast, and how long still. */
export function describeProgress(progress: Progress, now: number): string {
  if (progress.stage === 'looking') return 'looking at the work tree'
  if (progress.stage === 'comparing') return 'comparing with what the receiver has'
  const { total, confirmed, sendingSince } = progress
  const share = total === 0 ? 0 : Math.min(1, confirmed.operations / total)
  const bar = '█'.repeat(Math.floor(share * BAR_WIDTH)).padEnd(BAR_WIDTH, '░')
  const counted = `${grouped(confirmed.operations)} of ${grouped(total)}`
  const elapsed = now - sendingSince
  if (share === 0 || elapsed <= 0) return `sending ${bar} ${counted}`
  const rate = `${formatBytes(Math.round((confirmed.bytes / elapsed) * 1000))}/s`
  const left = share < 1 ? `${formatDuration(Math.round((elapsed / share) * (1 - share)))} left` : 'finishing'
  return `sending ${bar} ${Math.floor(share * 100)}% · ${counted} · ${left} · ${rate}`
}
