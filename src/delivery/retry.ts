import { DeltaError, type ErrorCode } from '../support/errors.js'

export interface RetryPolicy {
  /** How often a failed attempt is repeated; 0 means that there is one attempt. */
  readonly retries: number
  readonly firstDelay: number
  readonly longestDelay: number
}

export interface RetryContext {
  readonly signal: AbortSignal
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>
  /** From 0 to 1, 1 excluded. */
  readonly random: () => number
  readonly onRetry: (retry: { readonly attempt: number; readonly delay: number; readonly error: DeltaError }) => void
}

export interface DeliveryContext extends RetryContext {
  readonly policy: RetryPolicy
  readonly now: () => Date
  /** How many bytes of a bundle have left. */
  readonly onSent: (bundleId: string, sent: number, bytes: number) => void
}

export const DEFAULT_RETRY: Omit<RetryPolicy, 'retries'> = { firstDelay: 500, longestDelay: 30_000 }

/** A receiver may ask for patience, but not for ever (faults.md row 70). */
const LONGEST_WISH = 60_000

/**
 * Runs an action, again after a growing and random delay where its failure may pass. `attempt` counts from 1.
 * Throws the last failure; at once where it is permanent, the signal has fired, or a moment changes nothing: a proxy that
 * refuses a password counts every attempt.
 */
export async function withRetry<Result>(
  policy: RetryPolicy,
  context: RetryContext,
  action: (attempt: number) => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    context.signal.throwIfAborted()
    try {
      return await action(attempt)
    } catch (thrown) {
      if (!(thrown instanceof DeltaError) || !isPassing(thrown) || attempt > policy.retries) throw thrown
      if (thrown.code === 'connection-blocked') throw thrown
      const delay = delayBefore(attempt, policy, thrown, context.random)
      context.onRetry({ attempt, delay, error: thrown })
      await context.sleep(delay, context.signal)
    }
  }
}

/** Whether it may be over by the next push, so that the changes wait for it. */
export function isPassing({ code }: DeltaError): boolean {
  return PASSING.has(code)
}

const PASSING: ReadonlySet<ErrorCode> = new Set([
  'receiver-unreachable',
  'connection-blocked',
  'receiver-busy',
  'not-confirmed',
])

/** Exponential, between half and all of it at random; never sooner than the receiver asked. */
export function delayBefore(attempt: number, policy: RetryPolicy, error: DeltaError, random: () => number): number {
  const full = Math.min(policy.longestDelay, policy.firstDelay * 2 ** (attempt - 1))
  const own = Math.round(full / 2 + (full / 2) * random())
  const wish = error.facts.retry_after_ms
  return typeof wish === 'number' ? Math.max(own, Math.min(LONGEST_WISH, wish)) : own
}

/** Reads `Retry-After`: seconds or a date. Nonsense, and a time that has passed, count as not said. */
export function parseRetryAfter(value: string | null, now: number): number | null {
  if (value === null) return null
  const seconds = /^\s*\d+(?:\.\d+)?\s*$/.test(value) ? Number(value) : (Date.parse(value) - now) / 1000
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(LONGEST_WISH, Math.round(seconds * 1000)) : null
}
