import { expect, test } from '@jest/globals'
import { FAULTS, NETWORK_CASES, type NetworkCase, PLAN_CASES } from './network-cases.js'
import { casesFor, SERVERS } from './network-matrix.js'
import { playAll, type ServerName } from './network-stage.js'

/** A thin part of the matrix: each server meets so many cases, and others than its neighbours. */
const OF_EACH = 4

/** Evenly from all there are, so that a server that plans is asked what it lacks as well. */
function someCasesFor(server: ServerName, index: number): readonly NetworkCase[] {
  const all = casesFor(server)
  const every = Math.floor(all.length / OF_EACH)
  return all.filter((_, at) => (at + index * 3) % every === 0).slice(-OF_EACH)
}

test.each(SERVERS.map((server, index) => [server, index] as const))(
  'before a server of generation %s the network fails here and there (rows 62–67, 71, 80)',
  async (server, index) => {
    const cases = someCasesFor(server, index)
    await playAll(
      server,
      cases.map((one, at) => [one, (at + index) % 2 === 0 ? 'once' : 'every time'] as const),
    )
  },
)

test('what is met here is of every kind of request', () => {
  const met = SERVERS.flatMap(someCasesFor)
  expect(new Set(met.map(({ on }) => on))).toEqual(new Set(['upload', 'status', 'plan']))
  expect(met.length).toBe(SERVERS.length * OF_EACH)
})

test('the whole matrix has more than 500 cases, of every fault, for uploads and questions', () => {
  expect(NETWORK_CASES.length * SERVERS.length).toBeGreaterThan(500)
  for (const on of ['upload', 'status', 'plan'])
    expect(new Set([...NETWORK_CASES, ...PLAN_CASES].filter((one) => one.on === on).map(({ fault }) => fault))).toEqual(
      new Set(FAULTS),
    )
})
