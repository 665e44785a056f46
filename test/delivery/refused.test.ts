import { expect, test } from '@jest/globals'
import { DIALECTS, type DialectName } from '../../src/delivery/dialects/dialect.js'
import { afterRefusal } from '../../src/delivery/refused.js'
import { NO_OPERATIONS } from '../../src/delta/operation.js'
import { DeltaError, type ErrorCode } from '../../src/support/errors.js'

const NOW = new Date(7)
const TREE = '1'.repeat(40)
const ENTRY = {
  position: 1,
  bundleId: '00000000-0000-4000-8000-000000000001',
  sequence: 6,
  base: TREE,
  target: TREE,
  createdAt: '',
  bytes: 1,
  digest: '',
  operations: NO_OPERATIONS,
}
const SENT = '2026-01-01T00:00:00.000Z'

type Left = 'as if never sent' | 'in doubt' | 'as it was'

test.each<[string, Left, ErrorCode, number | string | null, DialectName, boolean]>([
  ['400 or 422 at once', 'as if never sent', 'bundle-refused', 422, 'S2', false],
  ['401 or 403 at once', 'as if never sent', 'not-authorised', 403, 'A1', false],
  ['422 where an earlier time is open', 'in doubt', 'bundle-refused', 422, 'S2', true],
  ['403 where an earlier time is open', 'as it was', 'not-authorised', 403, 'A1', true],
  ['a bundle that it cannot read', 'as if never sent', 'bundle-refused', 'PROCESSING_ERROR', 'A1', false],
  ['a failure while it applies', 'in doubt', 'bundle-refused', 'PROCESSING_ERROR', 'S1', false],
  ['operations that fail at once', 'in doubt', 'bundle-refused', 'APPLY_OPS_ERROR', 'A3', false],
  ['a failure of nobody knows what', 'in doubt', 'bundle-refused', null, 'unknown', false],
  ['a refusal of one that takes all or nothing', 'as if never sent', 'bundle-refused', null, 'ce-delta', true],
  ['a lost connection', 'as it was', 'receiver-unreachable', null, 'S1', false],
  ['an answer without sense', 'as it was', 'answer-malformed', null, 'S1', false],
])('%s leaves the bundle %s', (...[, left, code, told, name, isRepeated]) => {
  const facts = typeof told === 'number' ? { status: told } : { code: told }
  const failure = new DeltaError(code, 'no', { facts })
  const entry = { ...ENTRY, attemptedAt: isRepeated ? SENT : null }
  const after = afterRefusal(entry, failure, { dialect: DIALECTS[name], isRepeated, now: NOW })
  const wanted = {
    'as if never sent': { ...ENTRY, attemptedAt: null, refusedAt: NOW.toISOString() },
    'in doubt': { ...ENTRY, attemptedAt: isRepeated ? SENT : NOW.toISOString(), isPartlyApplied: true },
    'as it was': null,
  }
  expect(after).toEqual(wanted[left])
})

test('what is no failure of ours says nothing of the bundle', () => {
  const situation = { dialect: DIALECTS.A1, isRepeated: false, now: NOW }
  expect(afterRefusal({ ...ENTRY, attemptedAt: null }, new Error('boom'), situation)).toBe(null)
})
