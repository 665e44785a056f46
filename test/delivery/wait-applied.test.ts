import { expect, test } from '@jest/globals'
import type { UploadState } from '../../src/delivery/receiver.js'
import { followQueued } from '../../src/delivery/wait-applied.js'
import { NO_OPERATIONS } from '../../src/delta/operation.js'
import { CountingReceiver } from '../helpers/counting-receiver.js'
import { contextOf } from '../helpers/synchronising.js'

const OURS = '00000000-0000-4000-8000-000000000001'
const STEPS = { ...NO_OPERATIONS, created: 2, deleted: 1 }
const BUNDLE = { bundleId: OURS, sequence: 6, bytes: 1, operations: { ...NO_OPERATIONS, created: 2 }, steps: STEPS }

/** Bundle 6 was accepted; these are the numbers that the kept connection tells one after another, and then others do. */
async function followed(kept: readonly number[], others: readonly number[] = []): Promise<string> {
  const receiver = new CountingReceiver()
  let asked = 0
  const status = receiver.status.bind(receiver)
  receiver.status = async () => ({ ...(await status()), sequence: kept[Math.min(asked++, kept.length - 1)] ?? 0 })
  receiver.counters = async () => ({ sequences: [...others], areSeveral: true })
  return await followQueued(receiver, BUNDLE, 6, contextOf([])).then(
    ({ kind }) => kind,
    ({ code }) => code,
  )
}

test.each<[string, number[], number[], string]>([
  ['moves on to it', [5, 5, 5, 6], [], 'applied'],
  ['does not move', [5], [], 'not-confirmed'],
  ['is beyond it: another writer, and ours may be lost', [5, 5, 8], [8, 8, 8], 'not-confirmed'],
  ['was set back', [5, 0], [0, 0, 0], 'not-confirmed'],
  ['is that of another process, ahead; ours applied it', [9], [9, 6, 9], 'applied'],
  ['is that of another process, behind; ours applied it', [2], [2, 2, 6], 'applied'],
  ['is that of another process; ours does not apply it', [9], [9, 5, 9], 'not-confirmed'],
  ['is now and then that of another process', [9, 5, 9, 9, 5, 9, 6], [], 'applied'],
])('a bundle is accepted, and the number %s (rows 78, 79)', async (...[, kept, others, outcome]) => {
  expect(await followed(kept, others)).toBe(outcome)
})

const PROCESSED = { ...NO_OPERATIONS, created: 2, deleted: 1, skipped: 0, hashMatches: 0, failed: 0 }

test.each<[string, Partial<UploadState>, string]>([
  ['completed', { processed: PROCESSED }, 'applied'],
  ['completed, and counted nothing', { processed: null }, 'applied'],
  ['completed, but one failed', { processed: { ...PROCESSED, created: 1, failed: 1 } }, 'partly applied'],
  ['completed, but passed one over', { processed: { ...PROCESSED, created: 1, skipped: 1 } }, 'partly applied'],
  ['failed with failures', { state: 'failed', processed: { ...PROCESSED, failed: 1 } }, 'partly applied'],
  ['failed without a word', { state: 'failed', processed: null }, 'not-confirmed'],
  ['completed of another bundle', { bundleId: OURS.replace('1', '2'), processed: PROCESSED }, 'not-confirmed'],
])('a status tells that it was %s (row 83)', async (_, told, outcome) => {
  const receiver = new CountingReceiver()
  const status = receiver.status.bind(receiver)
  const lastUploadState: UploadState = { bundleId: OURS, state: 'completed', processed: null, error: null, ...told }
  receiver.status = async () => ({ ...(await status()), sequence: 6, lastUploadState })
  const followed = followQueued(receiver, BUNDLE, 6, contextOf([]))
  expect(
    await followed.then(
      ({ kind }) => kind,
      ({ code }) => code,
    ),
  ).toBe(outcome)
})
