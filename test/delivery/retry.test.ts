import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { DEFAULT_RETRY, delayBefore, parseRetryAfter, type RetryContext, withRetry } from '../../src/delivery/retry.js'
import { DeltaError, type ErrorCode } from '../../src/support/errors.js'

const NOW = Date.parse('2026-01-01T00:00:00Z')

describe('Retry-After (faults.md row 70)', () => {
  test.each([
    [null, null],
    ['', null],
    ['0', null],
    ['2', 2000],
    [' 3 ', 3000],
    ['0.5', 500],
    ['59', 59_000],
    ['3600', 60_000],
    ['99999999999999999999', 60_000],
    ['-5', null],
    ['-100000', null],
    ['soon', null],
    ['1e3', null],
    ['NaN', null],
    ['Infinity', null],
    ['Thu, 01 Jan 2026 00:00:07 GMT', 7000],
    ['Wed, 31 Dec 2025 23:59:59 GMT', null],
    ['Fri, 31 Dec 9999 23:59:59 GMT', 60_000],
    ['Thu, 99 Foo 2026 00:00:07 GMT', null],
  ])('%j means %j milliseconds', (value, expected) => expect(parseRetryAfter(value, NOW)).toBe(expected))

  test('whatever a server writes, nobody waits longer than a minute', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.integer().map(String),
          fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
        ),
        (value) => {
          const wish = parseRetryAfter(value, NOW)
          if (wish === null) return
          expect(wish).toBeGreaterThanOrEqual(0)
          expect(wish).toBeLessThanOrEqual(60_000)
        },
      ),
    )
  })
})

describe('the delay before an attempt', () => {
  const policy = { ...DEFAULT_RETRY, retries: 20 }
  const unreachable = new DeltaError('receiver-unreachable', 'gone')
  const patient = (milliseconds: number) =>
    new DeltaError('receiver-busy', 'busy', { facts: { retry_after_ms: milliseconds } })

  test('doubles, with jitter down to its half, up to the longest', () => {
    const longest = [1, 2, 3, 4, 5, 6, 7, 8, 20].map((attempt) =>
      delayBefore(attempt, policy, unreachable, () => 0.999999),
    )
    expect(longest).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
    expect(delayBefore(3, policy, unreachable, () => 0)).toBe(1000)
  })

  test('is never shorter than the receiver asked, and never longer than a minute', () => {
    expect(delayBefore(1, policy, patient(7000), () => 0)).toBe(7000)
    expect(delayBefore(1, policy, patient(1), () => 0)).toBe(250)
    expect(delayBefore(1, policy, patient(10 ** 9), () => 0)).toBe(60_000)
  })
})

/** A clock that only moves when somebody sleeps. */
function fakeContext(): RetryContext & {
  readonly slept: number[]
  readonly told: number[]
  readonly abort: AbortController
} {
  const [slept, told, abort]: [number[], number[], AbortController] = [[], [], new AbortController()]
  return {
    slept,
    told,
    abort,
    signal: abort.signal,
    random: () => 0.999999,
    onRetry: ({ attempt }) => told.push(attempt),
    sleep: async (milliseconds, signal) => {
      signal.throwIfAborted()
      slept.push(milliseconds)
    },
  }
}

describe('trying again', () => {
  const failing = (code: ErrorCode) => async (): Promise<never> => {
    throw new DeltaError(code, code)
  }

  test.each<[ErrorCode, number]>([
    ['receiver-unreachable', 4],
    ['receiver-busy', 4],
    ['not-confirmed', 4],
    ['not-authorised', 1],
    ['bundle-refused', 1],
    ['bundle-too-large', 1],
    ['answer-malformed', 1],
    ['redirect-refused', 1],
    ['conflict', 1],
    ['interrupted', 1],
    ['disk-failed', 1],
  ])('after %s there are %i attempts (rows 68, 72)', async (code, attempts) => {
    const context = fakeContext()
    let calls = 0
    const action = async (): Promise<never> => {
      calls++
      return await failing(code)()
    }
    await expect(withRetry({ ...DEFAULT_RETRY, retries: 3 }, context, action)).rejects.toMatchObject({ code })
    expect(calls).toBe(attempts)
    expect(context.slept).toEqual([500, 1000, 2000].slice(0, attempts - 1))
    expect(context.told).toEqual([1, 2, 3].slice(0, attempts - 1))
  })

  test('no retries means one attempt', async () => {
    const context = fakeContext()
    await expect(withRetry({ ...DEFAULT_RETRY, retries: 0 }, context, failing('receiver-busy'))).rejects.toThrow()
    expect(context.slept).toEqual([])
  })

  test('the first success counts, and every attempt knows its number', async () => {
    const seen: number[] = []
    const result = await withRetry({ ...DEFAULT_RETRY, retries: 5 }, fakeContext(), async (attempt) => {
      seen.push(attempt)
      if (attempt < 3) throw new DeltaError('receiver-unreachable', 'gone')
      return 'done'
    })
    expect([result, seen]).toEqual(['done', [1, 2, 3]])
  })

  test('an interruption ends it at once (row 2)', async () => {
    const context = fakeContext()
    const action = async (): Promise<never> => {
      context.abort.abort()
      throw new DeltaError('receiver-unreachable', 'gone')
    }
    await expect(withRetry({ ...DEFAULT_RETRY, retries: 5 }, context, action)).rejects.toMatchObject({
      name: 'AbortError',
    })
    expect(context.slept).toEqual([])
  })
})
