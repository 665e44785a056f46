import { describe, test } from '@jest/globals'
import { GENERATION_NAMES } from './generations.js'
import { FAULTS, NETWORK_CASES } from './network-cases.js'
import { playAll, type ServerName } from './network-stage.js'

export const SERVERS: readonly ServerName[] = [...GENERATION_NAMES, 'ce-delta']

/** Every case before each of these servers, with a fault that passes and with one that does not. */
export function networkMatrix(servers: readonly ServerName[]): void {
  describe.each(servers)('before a server of generation %s the network does this', (server) => {
    describe.each(['upload', 'status'] as const)('to its %s', (on) => {
      test.each(FAULTS)('%s', async (fault) => {
        const cases = NETWORK_CASES.filter((one) => one.on === on && one.fault === fault)
        await playAll(
          server,
          cases.flatMap((one) => [[one, 'once'] as const, [one, 'every time'] as const]),
        )
      })
    })
  })
}
