import { expect, test } from '@jest/globals'
import { FAULTS, NETWORK_CASES, PLAN_CASES } from './network-cases.js'
import { SERVERS } from './network-matrix.js'
import { playAll } from './network-stage.js'

/** A thin part of the matrix: each server meets other cases. */
const EVERY = 25

test.each(SERVERS.map((server, index) => [server, index] as const))(
  'before a server of generation %s the network fails here and there (rows 62–67, 71, 80)',
  async (server, index) => {
    const cases = NETWORK_CASES.filter((_, at) => (at + index * 3) % EVERY === 0)
    await playAll(
      server,
      cases.map((one, at) => [one, (at + index) % 2 === 0 ? 'once' : 'every time'] as const),
    )
  },
)

test('the whole matrix has more than 500 cases, of every fault, for uploads and questions', () => {
  expect(NETWORK_CASES.length * SERVERS.length).toBeGreaterThan(500)
  for (const on of ['upload', 'status', 'plan'])
    expect(new Set([...NETWORK_CASES, ...PLAN_CASES].filter((one) => one.on === on).map(({ fault }) => fault))).toEqual(
      new Set(FAULTS),
    )
})
