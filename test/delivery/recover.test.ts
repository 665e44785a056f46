import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { RECOVERY_MODES, type RecoverInput, type Recovery, recover } from '../../src/delivery/recover.js'
import { EMPTY_TREE } from '../../src/support/git.js'

const [T1, T2, T3, OTHER] = ['1', '2', '3', 'f'].map((digit) => digit.repeat(40)) as [string, string, string, string]
const [OURS, THEIRS] = ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002'] as const

type Words = Partial<Omit<RecoverInput, 'receiver'>> & {
  readonly receiver?: Partial<RecoverInput['receiver']>
}

const CONFIRMED = { tree: T1, sequence: 5 }
const ATTEMPTED = { bundleId: OURS, sequence: 6, base: T1, target: T2 }
/** Our own receiver as it was confirmed; it can tell what it holds. */
const PROVING = { sequence: 5, tree: T1, lastBundleId: THEIRS, canListTree: true, hasSeveralCounters: false }
/** A server that knows nothing but a number. */
const COUNTING = { tree: null, lastBundleId: null, canListTree: false }

function input({ receiver, ...words }: Words): RecoverInput {
  return {
    confirmed: CONFIRMED,
    attempted: null,
    target: T3,
    force: false,
    recovery: 'resync',
    doubtfulUpTo: null,
    receiver: { ...PROVING, ...receiver },
    ...words,
  }
}

const TABLE: readonly (readonly [string, Words, Recovery['kind']])[] = [
  ['S = L, no attempt: in step', {}, 'send'],
  ['S = L, no attempt, it cannot tell its tree: in step', { receiver: COUNTING }, 'send'],
  ['S = L, it has the target already', { target: T1 }, 'adopt'],
  ['S = L, attempt L+1: not applied', { attempted: ATTEMPTED }, 'resend attempted'],
  ['S = L, attempt L+1, only a number is told', { attempted: ATTEMPTED, receiver: COUNTING }, 'resend attempted'],
  ['S = L, attempt made for another number', { attempted: { ...ATTEMPTED, sequence: 9 } }, 'send'],
  ['S = L, attempt made for another tree', { attempted: { ...ATTEMPTED, base: OTHER } }, 'send'],
  ['S = L, but another tree', { receiver: { tree: OTHER } }, 'rebase'],
  [
    'S = L+1 = a, and it names our bundle',
    { attempted: ATTEMPTED, receiver: { sequence: 6, tree: T2, lastBundleId: OURS } },
    'confirm attempted',
  ],
  [
    'S = L+1 = a, our bundle, tree not told',
    { attempted: ATTEMPTED, receiver: { sequence: 6, tree: null, lastBundleId: OURS } },
    'confirm attempted',
  ],
  [
    'S = L+1 = a, no bundle told, but our tree',
    { attempted: ATTEMPTED, receiver: { sequence: 6, tree: T2, lastBundleId: null } },
    'confirm attempted',
  ],
  [
    'S = L+1 = a, our bundle, but another tree',
    { attempted: ATTEMPTED, receiver: { sequence: 6, tree: OTHER, lastBundleId: OURS } },
    'rebase',
  ],
  [
    'S = L+1 = a, only a number is told: ambiguous',
    { attempted: ATTEMPTED, receiver: { ...COUNTING, sequence: 6 } },
    'resync',
  ],
  [
    'S = L+1 = a, only a number is told, and it was acknowledged',
    { attempted: { ...ATTEMPTED, isAcknowledged: true }, receiver: { ...COUNTING, sequence: 6 } },
    'confirm attempted',
  ],
  [
    'S = L+1 = a, acknowledged, but another bundle is named',
    {
      attempted: { ...ATTEMPTED, isAcknowledged: true },
      receiver: { ...COUNTING, sequence: 6, lastBundleId: THEIRS },
    },
    'halt',
  ],
  [
    'S = L, acknowledged, and gone again',
    { attempted: { ...ATTEMPTED, isAcknowledged: true }, receiver: COUNTING },
    'resend attempted',
  ],
  [
    'S > a, acknowledged: another writer',
    { attempted: { ...ATTEMPTED, isAcknowledged: true }, receiver: { ...COUNTING, sequence: 7 } },
    'halt',
  ],
  [
    'S = L+1 = a, no bundle told and another tree: ambiguous',
    { attempted: ATTEMPTED, receiver: { sequence: 6, tree: OTHER, lastBundleId: null } },
    'rebase',
  ],
  [
    'S = L+1 = a, but the bundle is another’s',
    { attempted: ATTEMPTED, receiver: { sequence: 6, tree: OTHER, lastBundleId: THEIRS } },
    'halt',
  ],
  [
    'S = L+1 = a, another’s bundle with just our target',
    { attempted: ATTEMPTED, receiver: { sequence: 6, tree: T3, lastBundleId: THEIRS } },
    'adopt',
  ],
  ['S > L, no attempt: another writer', { receiver: { sequence: 6, tree: OTHER } }, 'halt'],
  ['S > L, no attempt, only a number is told', { receiver: { ...COUNTING, sequence: 6 } }, 'halt'],
  ['S > a: another writer', { attempted: ATTEMPTED, receiver: { sequence: 7, tree: OTHER } }, 'halt'],
  ['S > L, forced', { force: true, receiver: { sequence: 6, tree: OTHER } }, 'rebase'],
  ['S > L, forced, only a number is told', { force: true, receiver: { ...COUNTING, sequence: 6 } }, 'resync'],
  ['S > L, but it has the target', { receiver: { sequence: 6, tree: T3 } }, 'adopt'],
  ['S < L: it lost state', { receiver: { sequence: 3, tree: OTHER } }, 'rebase'],
  ['S = 0 < L: it was wiped', { receiver: { sequence: 0, tree: EMPTY_TREE, lastBundleId: null } }, 'rebase'],
  ['S < L, only a number is told', { receiver: { ...COUNTING, sequence: 3 } }, 'resync'],
  ['S < L, with an attempt', { attempted: ATTEMPTED, receiver: { sequence: 3, tree: OTHER } }, 'rebase'],
  [
    'first contact, nothing there',
    { confirmed: null, receiver: { sequence: 0, tree: EMPTY_TREE, lastBundleId: null } },
    'send',
  ],
  [
    'first contact, nothing there, only a number is told',
    { confirmed: null, receiver: { ...COUNTING, sequence: 0 } },
    'send',
  ],
  ['first contact, something there', { confirmed: null, receiver: { sequence: 4, tree: OTHER } }, 'rebase'],
  [
    'first contact, something there, only a number is told',
    { confirmed: null, receiver: { ...COUNTING, sequence: 4 } },
    'resync',
  ],
  [
    'first contact, number 0 with files',
    { confirmed: null, receiver: { sequence: 0, tree: OTHER, lastBundleId: null } },
    'rebase',
  ],
  [
    'first contact, first bundle attempted',
    {
      confirmed: null,
      attempted: { ...ATTEMPTED, sequence: 1, base: EMPTY_TREE },
      receiver: { sequence: 0, tree: EMPTY_TREE, lastBundleId: null },
    },
    'resend attempted',
  ],
  [
    'first contact, first bundle applied',
    {
      confirmed: null,
      attempted: { ...ATTEMPTED, sequence: 1, base: EMPTY_TREE },
      receiver: { sequence: 1, tree: T2, lastBundleId: OURS },
    },
    'confirm attempted',
  ],
  ['S < L, only a number is told', { receiver: { ...COUNTING, sequence: 2 } }, 'resync'],
  [
    'S < L, and its files are believed to be there',
    { receiver: { ...COUNTING, sequence: 2 }, recovery: 'trust' },
    'send',
  ],
  ['S < L, but it can tell its tree: belief is not needed', { receiver: { sequence: 2 }, recovery: 'trust' }, 'rebase'],
  ['S = L+1 = a, only a number is told', { attempted: ATTEMPTED, receiver: { ...COUNTING, sequence: 6 } }, 'resync'],
  [
    'S = L+1 = a, and nobody else is believed to write',
    { attempted: ATTEMPTED, receiver: { ...COUNTING, sequence: 6 }, recovery: 'trust' },
    'confirm attempted',
  ],
  [
    'S = L+1 = a, but it still names the bundle before',
    {
      confirmed: { ...CONFIRMED, bundleId: THEIRS },
      attempted: ATTEMPTED,
      receiver: { ...COUNTING, sequence: 6, lastBundleId: THEIRS },
    },
    'resync',
  ],
  ['a bundle was applied in part, and no tree is told', { receiver: COUNTING, doubtfulUpTo: 6 }, 'resync'],
  [
    'a bundle was applied in part, and took its number',
    { attempted: ATTEMPTED, receiver: { ...COUNTING, sequence: 6 }, doubtfulUpTo: 6 },
    'resync',
  ],
  [
    'a bundle was applied in part, and another writer was there since',
    { attempted: ATTEMPTED, receiver: { ...COUNTING, sequence: 7 }, doubtfulUpTo: 6 },
    'halt',
  ],
  [
    'a bundle was applied in part, in a number that was ours long ago',
    { receiver: COUNTING, doubtfulUpTo: 3 },
    'resync',
  ],
  [
    'a bundle was applied in part, and several processes count',
    { attempted: ATTEMPTED, receiver: { ...COUNTING, sequence: 7, hasSeveralCounters: true }, doubtfulUpTo: 6 },
    'resync',
  ],
  [
    'a bundle was applied in part, another writer was there, forced',
    { attempted: ATTEMPTED, receiver: { ...COUNTING, sequence: 7 }, doubtfulUpTo: 6, force: true },
    'resync',
  ],
  [
    'S > L: another writer, whatever is believed',
    { receiver: { ...COUNTING, sequence: 9 }, recovery: 'trust' },
    'halt',
  ],
]

describe('the decision table (faults.md §3.2, rows 62, 63, 77, 81)', () => {
  test.each(TABLE)('%s', (_, words, kind) => expect(recover(input(words)).kind).toBe(kind))

  test('whatever is unexpected is told to people, and whatever is expected is not', () => {
    for (const [, words, kind] of TABLE) {
      const decision = recover(input(words))
      const isBelieved = words.recovery === 'trust'
      const isExpected = (kind === 'send' && !isBelieved) || kind === 'adopt' || kind === 'resend attempted'
      expect('why' in decision && decision.why !== null).toBe(!isExpected)
    }
  })
})

const trees = fc.constantFrom(T1, T2, T3, OTHER)
const sequences = fc.integer({ min: 0, max: 8 })

/** Anything that may be met: a number 0 goes with an empty tree, a receiver that lists can tell its tree. */
const situations: fc.Arbitrary<RecoverInput> = fc
  .record({
    confirmed: fc.option(fc.record({ tree: trees, sequence: fc.integer({ min: 1, max: 8 }) })),
    attempted: fc.option(
      fc.record({ bundleId: fc.constant<string>(OURS), sequence: sequences, base: trees, target: trees }),
    ),
    sequence: sequences,
    tree: trees,
    lastBundleId: fc.option(fc.constantFrom<string>(OURS, THEIRS)),
    canListTree: fc.boolean(),
    tellsTree: fc.boolean(),
    target: trees,
    force: fc.boolean(),
    recovery: fc.constantFrom(...RECOVERY_MODES),
    doubtfulUpTo: fc.option(sequences),
    hasSeveralCounters: fc.boolean(),
  })
  .map(({ sequence, tree, canListTree, tellsTree, lastBundleId, hasSeveralCounters, ...rest }) => ({
    ...rest,
    receiver: {
      sequence,
      tree: canListTree || tellsTree ? (sequence === 0 ? EMPTY_TREE : tree) : null,
      lastBundleId: sequence === 0 ? null : lastBundleId,
      canListTree,
      hasSeveralCounters,
    },
  }))

describe('whatever both ends know', () => {
  test('nothing halts that is forced, and only another writer halts the rest', () => {
    fc.assert(
      fc.property(situations, (situation) => {
        const { kind } = recover(situation)
        if (situation.force) expect(kind).not.toBe('halt')
        if (kind === 'halt') expect(situation.receiver.sequence).toBeGreaterThan(situation.confirmed?.sequence ?? 0)
      }),
      { numRuns: 5000 },
    )
  })

  test('changes are sent only where the trees are not known to differ', () => {
    fc.assert(
      fc.property(situations, (situation) => {
        const { kind } = recover(situation)
        const { receiver, confirmed, attempted } = situation
        if (receiver.tree === null) return
        if (kind === 'send') expect(receiver.tree).toBe(confirmed?.tree ?? EMPTY_TREE)
        if (kind === 'resend attempted') expect(receiver.tree).toBe(attempted?.base)
        if (kind === 'adopt') expect(receiver.tree).toBe(situation.target)
        if (kind === 'confirm attempted') expect(receiver.tree).toBe(attempted?.target)
      }),
      { numRuns: 5000 },
    )
  })

  test('a receiver is asked to list only where it can', () => {
    fc.assert(
      fc.property(situations, (situation) => {
        const { kind } = recover(situation)
        if (kind === 'rebase') expect(situation.receiver.canListTree).toBe(true)
        if (kind === 'resync') expect(situation.receiver.canListTree).toBe(false)
      }),
    )
  })
})
