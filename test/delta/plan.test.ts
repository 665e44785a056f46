import { describe, expect, test } from '@jest/globals'
import type { Operation } from '../../src/delta/operation.js'
import { type PlanOptions, planParts } from '../../src/delta/plan.js'
import { inWords } from '../helpers/trees.js'

const SIZES: Readonly<Record<string, number>> = { nothing: 0, small: 4, medium: 6, large: 50 }

const options = (changed: Partial<PlanOptions> = {}): PlanOptions => ({
  limits: { operations: 100, bytes: 10 },
  sizeOf: (blob) => SIZES[blob] ?? Number.NaN,
  movesCarryContent: true,
  ...changed,
})

const created = (path: string, blob: string): Operation => ({ kind: 'created', path, blob })
const deleted = (path: string): Operation => ({ kind: 'deleted', path })
const moved = (source: string, path: string, blob: string): Operation => ({ kind: 'moved', source, path, blob })

function parts(operations: Operation[], chosen: PlanOptions): string[][] {
  return planParts(operations, chosen).map((part) => part.map(({ operation }) => inWords(operation)))
}

describe('a delta is split', () => {
  test('not at all when there is nothing to send', () => {
    expect(planParts([], options())).toEqual([])
  })

  test('not at all while it just fits', () => {
    const operations = [created('a', 'small'), created('b', 'medium'), created('c', 'nothing')]
    expect(parts(operations, options({ limits: { operations: 3, bytes: 10 } }))).toEqual([
      ['created a', 'created b', 'created c'],
    ])
  })

  test('by the number of operations', () => {
    const operations = ['a', 'b', 'c', 'd', 'e'].map(deleted)
    expect(parts(operations, options({ limits: { operations: 2, bytes: 10 } }))).toEqual([
      ['deleted a', 'deleted b'],
      ['deleted c', 'deleted d'],
      ['deleted e'],
    ])
  })

  test('by bytes, when the next file would not fit', () => {
    const operations = [created('a', 'medium'), created('b', 'medium'), created('c', 'small')]
    expect(parts(operations, options())).toEqual([['created a'], ['created b', 'created c']])
  })

  test('around a file that is too large by itself, which is sent alone', () => {
    const operations = [deleted('x'), created('a', 'small'), created('b', 'large'), created('c', 'nothing')]
    expect(parts(operations, options())).toEqual([['deleted x', 'created a'], ['created b'], ['created c']])
  })

  test('with the content of moves, where the receiver needs it', () => {
    const operations = [moved('a', 'b', 'medium'), moved('c', 'd', 'medium')]
    expect(planParts(operations, options())).toEqual([
      [{ operation: operations[0], carriesContent: true, bytes: 6 }],
      [{ operation: operations[1], carriesContent: true, bytes: 6 }],
    ])
  })

  test('without the content of moves, where the receiver has it', () => {
    const operations = [moved('a', 'b', 'large'), moved('c', 'd', 'large')]
    expect(planParts(operations, options({ movesCarryContent: false }))).toEqual([
      [
        { operation: operations[0], carriesContent: false, bytes: 0 },
        { operation: operations[1], carriesContent: false, bytes: 0 },
      ],
    ])
  })
})
