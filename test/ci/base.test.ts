import { describe, expect, test } from '@jest/globals'
import { type BaseFacts, chooseBase } from '../../src/triggers/ci/base.js'

const [T1, T2] = ['1'.repeat(40), '2'.repeat(40)]
const PROVING = { sequence: 4, tree: T1, canListTree: true }
const COUNTING = { sequence: 4, tree: null, canListTree: false }
const HERE = { commit: 'abc', isHere: true }
const NOTHING: BaseFacts = { confirmed: null, receiver: PROVING, said: null, full: false }

describe('the base of the delta, in the order of preference', () => {
  test.each<[string, Partial<BaseFacts>, string, boolean]>([
    ['the state, where the receiver holds it', { confirmed: { tree: T1, sequence: 4 }, said: HERE }, 'state', false],
    ['the state, where it only counts', { confirmed: { tree: T2, sequence: 4 }, receiver: COUNTING }, 'state', false],
    ['not a state of another sequence', { confirmed: { tree: T1, sequence: 3 } }, 'receiver', true],
    ['not a state of another tree', { confirmed: { tree: T2, sequence: 4 } }, 'receiver', true],
    ['what the receiver lists', { said: HERE }, 'receiver', false],
    ['the commit, where it cannot list', { receiver: COUNTING, said: HERE }, 'commit', false],
    ['nothing, where that is not here', { receiver: COUNTING, said: { ...HERE, isHere: false } }, 'nothing', false],
    ['nothing, where none is named', { receiver: COUNTING }, 'nothing', false],
    ['nothing, for the first push', { receiver: { ...COUNTING, sequence: 0 }, said: HERE }, 'nothing', false],
    ['the receiver, where it lost everything', lostEverything(), 'receiver', true],
    ['nothing, when asked for', { confirmed: { tree: T1, sequence: 4 }, full: true }, 'nothing', false],
  ])('%s', (_, facts, kind, isStateStale) => {
    const choice = chooseBase({ ...NOTHING, ...facts })
    expect(choice).toMatchObject({ kind, isStateStale })
    expect(choice.reason).toMatch(/^[A-Z].*\.$/)
  })
})

function lostEverything(): Partial<BaseFacts> {
  return { confirmed: { tree: T1, sequence: 4 }, receiver: { sequence: 0, tree: null, canListTree: true } }
}
