import { totalOperations } from '../delta/operation.js'
import type { PushEvent } from '../report/report.js'
import { count, formatBytes, formatDuration, grouped } from '../support/text.js'

/** How far a push is, from what it told so far. */
export interface Progress {
  readonly stage: 'looking' | 'comparing' | 'sending'
  /** Operations of the whole delta. */
  readonly total: number
  readonly confirmed: { readonly operations: number; readonly bytes: number }
  /** Bundles that were made and are not confirmed yet, by their ids. */
  readonly made: ReadonlyMap<string, { readonly operations: number; readonly bytes: number }>
  /** The bundles that are under way, where that takes a while, by their ids. */
  readonly sending: ReadonlyMap<string, { readonly sent: number; readonly bytes: number }>
  /** When the first bundle could be sent; milliseconds of the same clock as `now`. */
  readonly sendingSince: number
}

export const NO_PROGRESS: Progress = {
  stage: 'looking',
  total: 0,
  confirmed: { operations: 0, bytes: 0 },
  made: new Map(),
  sending: new Map(),
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
    case 'sending':
      return { ...progress, sending: new Map([...progress.sending, [event.id, event]]) }
    case 'confirmed': {
      const bundle = progress.made.get(event.id) ?? { operations: 0, bytes: 0 }
      const confirmed = {
        operations: progress.confirmed.operations + bundle.operations,
        bytes: progress.confirmed.bytes + bundle.bytes,
      }
      return {
        ...progress,
        confirmed,
        made: without(progress.made, event.id),
        sending: without(progress.sending, event.id),
      }
    }
    default:
      return progress
  }
}

function without<Value>(map: ReadonlyMap<string, Value>, id: string): ReadonlyMap<string, Value> {
  return new Map([...map].filter(([other]) => other !== id))
}

/** A narrow terminal needs its room for the numbers. */
const NARROW = 60
const BAR_WIDTH = { narrow: 8, wide: 20 }

/** One line for people, what matters most first: a bar, how long still, how much of how much, how fast. */
export function describeProgress(progress: Progress, now: number, columns = 80): string {
  if (progress.stage === 'looking') return 'looking at the work tree'
  if (progress.stage === 'comparing') return 'comparing with what the receiver has'
  const { total, confirmed, made, sending, sendingSince } = progress
  if (made.size === 0 && sending.size === 0 && confirmed.operations === 0) return `packing ${count(total, 'change')}`
  const share = shareOf(progress)
  const width = columns < NARROW ? BAR_WIDTH.narrow : BAR_WIDTH.wide
  const bar = '█'.repeat(Math.floor(share * width)).padEnd(width, '░')
  const counted = `${grouped(confirmed.operations)} of ${grouped(total)}`
  const elapsed = now - sendingSince
  if (share === 0 || elapsed <= 0) return `sending ${bar} ${counted}`
  const sent = [...sending.values()].reduce((bytes, bundle) => bytes + bundle.sent, confirmed.bytes)
  const rate = `${formatBytes(Math.round((sent / elapsed) * 1000))}/s`
  return `sending ${bar} ${Math.floor(share * 100)}% · ${describeRest(progress, share, elapsed)} · ${counted} · ${rate}`
}

function describeRest({ sending }: Progress, share: number, elapsed: number): string {
  const hasLeft = [...sending.values()].every(({ sent, bytes }) => sent >= bytes)
  if (sending.size > 0 && hasLeft) return 'waiting for the server'
  return share < 1 ? `${formatDuration(Math.round((elapsed / share) * (1 - share)))} left` : 'finishing'
}

/** What was confirmed counts whole, what is under way as far as it has left. */
function shareOf({ total, confirmed, made, sending }: Progress): number {
  let operations = confirmed.operations
  for (const [id, { sent, bytes }] of sending) operations += ((made.get(id)?.operations ?? 0) * sent) / bytes
  return total === 0 ? 0 : Math.min(1, operations / total)
}
