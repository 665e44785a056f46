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

test.each<[string, ErrorCode, number | null, DialectName, boolean, Left]>([
  ['400 or 422 at once', 'bundle-refused', 422, 'S2', false, 'as if never sent'],
  ['401 or 403 at once', 'not-authorised', 403, 'A1', false, 'as if never sent'],
  ['422 where an earlier time is open', 'bundle-refused', 422, 'S2', true, 'in doubt'],
  ['403 where an earlier time is open', 'not-authorised', 403, 'A1', true, 'as it was'],
  ['a failure before it applies', 'bundle-refused', null, 'A1', false, 'as if never sent'],
  ['a failure while it applies', 'bundle-refused', null, 'S1', false, 'in doubt'],
  ['a failure of nobody knows what', 'bundle-refused', null, 'unknown', false, 'in doubt'],
  ['a refusal of one that takes all or nothing', 'bundle-refused', null, 'ce-delta', true, 'as if never sent'],
  ['a lost connection', 'receiver-unreachable', null, 'S1', false, 'as it was'],
  ['an answer without sense', 'answer-malformed', null, 'S1', false, 'as it was'],
])('%s leaves the bundle %s', (...[, code, status, name, isRepeated, left]) => {
  const failure = new DeltaError(code, 'no', status === null ? {} : { facts: { status } })
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
