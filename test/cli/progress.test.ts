import { describe, expect, test } from '@jest/globals'
import { advance, describeProgress, NO_PROGRESS, type Progress } from '../../src/cli/progress.js'
import { NO_OPERATIONS } from '../../src/delta/operation.js'
import type { PushEvent } from '../../src/report/report.js'

const created = (count: number) => ({ ...NO_OPERATIONS, created: count })
const snapshot: PushEvent = { event: 'snapshot', tree: 't', skipped: 0, duration_ms: 5 }
const delta: PushEvent = { event: 'delta', operations: created(8000) }
const bundle = (id: string): PushEvent => ({
  event: 'bundle',
  id,
  sequence: 1,
  bytes: 2_000_000,
  operations: created(4000),
})
const sending = (id: string, sent: number): PushEvent => ({ event: 'sending', id, sent, bytes: 2_000_000 })
const confirmed = (id: string): PushEvent => ({ event: 'confirmed', id, sequence: 1, tree: 't' })

/** The events of a push, the delta at 1,000 ms. */
function told(...events: PushEvent[]): Progress {
  return events.reduce((progress, event) => advance(progress, event, 1000), NO_PROGRESS)
}

describe('how far a push is', () => {
  test.each<[string, readonly PushEvent[], string]>([
    ['nothing is known yet', [], 'looking at the work tree'],
    ['the snapshot is taken', [snapshot], 'comparing with what the receiver has'],
    ['nothing is ready to be sent', [snapshot, delta], 'packing 8,000 changes'],
    ['nothing arrived yet', [snapshot, delta, bundle('a')], 'sending ░░░░░░░░░░░░░░░░░░░░ 0 of 8,000'],
    [
      'one bundle of two arrived',
      [snapshot, delta, bundle('a'), bundle('b'), confirmed('a')],
      'sending ██████████░░░░░░░░░░ 50% · 4.0 s left · 4,000 of 8,000 · 500 kB/s',
    ],
    [
      'one of two is half way',
      [snapshot, delta, bundle('a'), bundle('b'), sending('a', 1_000_000)],
      'sending █████░░░░░░░░░░░░░░░ 25% · 12.0 s left · 0 of 8,000 · 250 kB/s',
    ],
    [
      'one of two has left, and is not confirmed yet',
      [snapshot, delta, bundle('a'), bundle('b'), sending('a', 2_000_000)],
      'sending ██████████░░░░░░░░░░ 50% · waiting for the server · 0 of 8,000 · 500 kB/s',
    ],
    [
      'one has left, and the next one is half way',
      [snapshot, delta, bundle('a'), bundle('b'), sending('a', 2_000_000), sending('b', 1_000_000)],
      'sending ███████████████░░░░░ 75% · 1.3 s left · 0 of 8,000 · 750 kB/s',
    ],
    [
      'all arrived',
      [snapshot, delta, bundle('a'), bundle('b'), confirmed('a'), confirmed('b')],
      'sending ████████████████████ 100% · finishing · 8,000 of 8,000 · 1.0 MB/s',
    ],
    [
      'everything begins again, because the receiver lost it',
      [snapshot, delta, bundle('a'), confirmed('a'), delta],
      'packing 8,000 changes',
    ],
  ])('%s', (_, events, text) => {
    expect(describeProgress(told(...events), 5000)).toBe(text)
  })

  test('a narrow terminal keeps what matters', () => {
    const progress = told(snapshot, delta, bundle('a'), bundle('b'), confirmed('a'))
    expect(describeProgress(progress, 5000, 40).slice(0, 38)).toBe('sending ████░░░░ 50% · 4.0 s left · 4,')
  })

  test('a bundle that an earlier push made counts for nothing', () => {
    expect(told(delta, confirmed('from before')).confirmed).toEqual({ operations: 0, bytes: 0 })
  })
})
