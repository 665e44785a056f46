import { STATUS_PATH } from '../receiver/wire.js'
import { exchange, type HttpOptions } from './http-exchange.js'

/** What an answer tells of two clocks. */
export interface ClockDifference {
  /** Milliseconds that the receiver is ahead; negative where it is behind. */
  readonly ahead: number
  /** What the answer cannot tell: it has whole seconds, and took its time. */
  readonly uncertainty: number
}

/** Compares the clock here with the receiver's `Date` header. null where it sends none. Throws as {@link exchange} does. */
export async function compareClocks(
  endpoint: string,
  options: HttpOptions,
  now: () => number,
  signal: AbortSignal,
): Promise<ClockDifference | null> {
  const asked = now()
  // Any answer will do, also one that refuses.
  const { date } = await exchange(
    { method: 'GET', url: endpoint + STATUS_PATH, longestAnswer: 1 << 20 },
    options,
    signal,
  )
  const answered = now()
  if (date === null) return null
  const uncertainty = (answered - asked) / 2 + 1000
  return { ahead: date + 500 - (asked + answered) / 2, uncertainty }
}
