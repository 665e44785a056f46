import { describe, test } from '@jest/globals'
import { GENERATION_NAMES, GENERATIONS } from './generations.js'
import { FAULTS, NETWORK_CASES, type NetworkCase, PLAN_CASES } from './network-cases.js'
import { playAll, type ServerName } from './network-stage.js'

export const SERVERS: readonly ServerName[] = [...GENERATION_NAMES, 'ce-delta']

/** What can happen to the requests that this server gets. */
export function casesFor(server: ServerName): readonly NetworkCase[] {
  const isAsked = server !== 'ce-delta' && GENERATIONS[server].plans
  return isAsked ? [...NETWORK_CASES, ...PLAN_CASES] : NETWORK_CASES
}

/** Every case before each of these servers, with a fault that passes and with one that does not. */
export function networkMatrix(servers: readonly ServerName[]): void {
  describe.each(servers)('before a server of generation %s the network does this', (server) => {
    const all = casesFor(server)
    describe.each([...new Set(all.map(({ on }) => on))])('to its %s', (on) => {
      test.each(FAULTS)('%s', async (fault) => {
        const cases = all.filter((one) => one.on === on && one.fault === fault)
        await playAll(
          server,
          cases.flatMap((one) => [[one, 'once'] as const, [one, 'every time'] as const]),
        )
      })
    })
  })
}
