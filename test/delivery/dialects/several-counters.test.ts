import { expect, test } from '@jest/globals'
import { areOfSeveral } from '../../../src/delivery/dialects/several-counters.js'

test.each<[string, number[], boolean]>([
  ['one process', [3, 3, 3, 3], false],
  ['one process, and another writer meanwhile', [3, 3, 4, 4, 6, 6], false],
  ['one process that is restarted meanwhile', [3, 3, 0, 0, 1, 1], false],
  ['two processes', [3, 5, 5, 3], true],
  ['two processes of which one is asked last alone', [3, 5, 5, 5, 5, 3], true],
  ['two processes, and another writer at one of them', [3, 5, 3, 6, 3], true],
  ['nothing', [], false],
])('numbers of %s', (_, sequences, expected) => {
  expect(areOfSeveral(sequences)).toBe(expected)
})
