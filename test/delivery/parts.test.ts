import { describe, expect, test } from '@jest/globals'
import { BatchSize } from '../../src/delivery/batch-size.js'
import { Parts } from '../../src/delivery/parts.js'
import type { Operation } from '../../src/delta/operation.js'

const created = (path: string): Operation => ({ kind: 'created', path, blob: path })
const TEN = Array.from({ length: 10 }, (_, at) => created(String(at)))
const LARGE = { operations: 100, bytes: 100 }

function taken(parts: Parts, limits: { operations: number; bytes: number }): string[] {
  const all: string[] = []
  for (let part = parts.next(limits); part !== undefined; part = parts.next(limits)) {
    all.push(part.operations.map(({ path }) => path).join(''))
  }
  return all
}

describe('operations are cut into parts', () => {
  test('by their number and by their bytes; one that is too large by itself goes alone', () => {
    expect(taken(new Parts(TEN, () => 0), { operations: 4, bytes: 1 })).toEqual(['0123', '4567', '89'])
    expect(taken(new Parts(TEN, () => 40), LARGE)).toEqual(['01', '23', '45', '67', '89'])
    expect(taken(new Parts(TEN, ({ path }) => (path === '3' ? 1000 : 1)), LARGE)).toEqual(['012', '3', '456789'])
    expect(taken(new Parts([], () => 0), LARGE)).toEqual([])
  })

  test('a part that does not get through comes again in halves, before the rest, down to one', () => {
    const parts = new Parts(TEN, () => 0)
    const first = parts.next({ operations: 4, bytes: 1 })
    if (first === undefined) throw new Error('There is a part.')
    parts.halve(first, null)
    const half = parts.next(LARGE)
    expect(half?.operations.map(({ path }) => path)).toEqual(['0', '1'])
    if (half !== undefined) parts.halve(half, null)
    expect(taken(parts, LARGE)).toEqual(['0', '1', '23', '456789'])
  })
})

describe('the size of a bundle', () => {
  const size = () => new BatchSize({ operations: 4000, bytes: 1000 })

  test('grows while the server is fast, and stops where applying gets slow', () => {
    const growing = size()
    for (let bundle = 0; bundle < 10; bundle++) growing.applied(growing.operations, 10)
    expect(growing.operations).toBe(2000)
  })

  test('shrinks where the server is slow, but not to nothing', () => {
    const shrinking = size()
    for (let bundle = 0; bundle < 10; bundle++) shrinking.applied(shrinking.operations, 60_000)
    expect(shrinking.operations).toBe(25)
  })

  test('does not grow by a small bundle that was quick, and keeps to its limits', () => {
    const small = size()
    const before = small.operations
    small.applied(1, 1)
    expect(small.operations).toBe(before)
    expect(new BatchSize({ operations: 3, bytes: 1 }).operations).toBe(3)
  })

  test('is halved where a bundle was too large', () => {
    const large = size()
    large.tooLarge(800)
    expect(large.bytes).toBe(400)
    large.tooLarge(5000)
    expect(large.bytes).toBe(400)
  })
})
