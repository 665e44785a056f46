import { expect, test } from '@jest/globals'
import {
  countOperations,
  NO_OPERATIONS,
  type OperationKind,
  sumCounts,
  totalOperations,
} from '../../src/delta/operation.js'

const operations = (...kinds: OperationKind[]) => kinds.map((kind) => ({ kind }))

test('operations are counted by kind', () => {
  const counts = countOperations(operations('moved', 'created', 'deleted', 'created', 'updated', 'deleted', 'deleted'))

  expect(counts).toEqual({ created: 2, updated: 1, deleted: 3, moved: 1 })
  expect(totalOperations(counts)).toBe(7)
})

test('no operations are zero of each kind', () => {
  expect(countOperations([])).toEqual({ created: 0, updated: 0, deleted: 0, moved: 0 })
  expect(countOperations([])).toEqual(NO_OPERATIONS)
  expect(totalOperations(NO_OPERATIONS)).toBe(0)
})

test('the counts of the parts add up to the counts of the whole', () => {
  const first = operations('created', 'moved', 'moved')
  const second = operations('updated', 'deleted', 'created')

  expect(sumCounts([countOperations(first), countOperations(second)])).toEqual(countOperations([...first, ...second]))
  const [left, right] = [
    { created: 1, updated: 2, deleted: 3, moved: 4 },
    { created: 10, updated: 20, deleted: 30, moved: 40 },
  ]
  expect(sumCounts([left, right])).toEqual({ created: 11, updated: 22, deleted: 33, moved: 44 })
  expect(sumCounts([])).toEqual(NO_OPERATIONS)
  expect(NO_OPERATIONS).toEqual({ created: 0, updated: 0, deleted: 0, moved: 0 })
})
