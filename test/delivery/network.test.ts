import { describe, expect, test } from '@jest/globals'
import { ceDelta, expectMirror, filesOf } from '../helpers/command.js'
import { type FaultProxy, faultProxy, type Place, type Toxic } from '../helpers/fault-proxy.js'
import { editEverything } from '../helpers/killing.js'
import { type TestServer, testServer } from '../helpers/servers.js'
import { gitRepository, writeTree } from '../helpers/workspace.js'

interface Scene {
  readonly root: string
  readonly server: TestServer
  readonly proxy: FaultProxy
  push(environment?: NodeJS.ProcessEnv): ReturnType<typeof ceDelta>
}

/** A workspace that was pushed once, and a proxy before its server. */
async function scene(): Promise<Scene> {
  const root = await gitRepository()
  await editEverything(root, 1)
  const server = await testServer()
  const proxy = await faultProxy(Number(new URL(server.url).port))
  const push = (environment: NodeJS.ProcessEnv = {}) =>
    ceDelta(root, ['push', '--json'], { env: { CE_DELTA_ENDPOINT: proxy.url, ...environment } })
  expect((await push()).exitCode).toBe(0)
  await editEverything(root, 2)
  return { root, server, proxy, push }
}

/** The fault happened; I3 and I4: at most two pushes make both ends equal, and every bundle had one effect. */
async function expectConvergence({ root, server, proxy, push }: Scene, expected: number | null): Promise<void> {
  expect(proxy.struck()).toBeGreaterThan(0)
  const first = await push()
  const result = first.exitCode === 0 ? first : await push()
  const report = await expectMirror(result, await filesOf(root))
  const sequence = expected ?? report.sequence ?? 0
  expect(report.sequence).toBe(sequence)
  const effects = server.events.flatMap((event) => (event.event === 'applied' && !event.replayed ? [event] : []))
  expect(effects.map((effect) => effect.sequence)).toEqual(Array.from({ length: sequence }, (_, index) => index + 1))
  expect(new Set(effects.map((effect) => effect.bundle_id)).size).toBe(sequence)
}

const cut = (part: Place['part'], share: number): Toxic => ({ kind: 'reset', at: { part, share } })

const PLACES: readonly (readonly [string, Toxic])[] = [
  ['before the first byte of the request', cut('request head', 0)],
  ['after one byte of the request', cut('request head', 0.0001)],
  ['at 25 % of the request', cut('request body', 0.25)],
  ['at 50 % of the request', cut('request body', 0.5)],
  ['at 99 % of the request', cut('request body', 0.99)],
  ['at 100 % of the request', cut('request body', 1)],
  ['before the first byte of the response', cut('response head', 0)],
  ['in the head of the response', cut('response head', 0.5)],
  ['in the body of the response', cut('response body', 0.5)],
]

describe('the connection is cut (rows 62, 63)', () => {
  test.each(PLACES)('once, %s: the push itself recovers', async (_, toxic) => {
    const play = await scene()
    play.proxy.poison(toxic, { times: 1 })
    const result = await play.push()
    const report = await expectMirror(result, await filesOf(play.root))
    expect([report.outcome, report.sequence]).toEqual(['confirmed', 2])
    expect(result.events.filter(({ event }) => event === 'retry').length).toBeLessThanOrEqual(2)
    await expectConvergence(play, 2)
  })

  test.each(PLACES)('every time, %s: queued, and later recovered', async (_, toxic) => {
    const play = await scene()
    play.proxy.poison(toxic)
    const failed = await play.push({ CE_DELTA_MAX_RETRIES: '0' })
    expect([failed.exitCode, failed.report.outcome]).toEqual([4, 'queued'])
    expect(failed.report.bundles).toHaveLength(1)
    play.proxy.cure()
    await expectConvergence(play, 2)
  })

  test.each(PLACES)('every time, %s, and the tree changes before it recovers', async (_, toxic) => {
    const play = await scene()
    play.proxy.poison(toxic)
    expect((await play.push({ CE_DELTA_MAX_RETRIES: '0' })).exitCode).toBe(4)
    await editEverything(play.root, 3)
    expect((await play.push({ CE_DELTA_MAX_RETRIES: '0' })).exitCode).toBe(4)
    await editEverything(play.root, 4)
    play.proxy.cure()
    // How many of the bundles that were under way arrived is up to chance.
    await expectConvergence(play, null)
  })
})

const stalled = (part: Place['part'], share: number): Toxic => ({ kind: 'stall', at: { part, share } })

describe('nothing moves any more (row 64)', () => {
  test.each<[string, Toxic]>([
    ['at the start of the request', stalled('request head', 0)],
    ['at half of the request', stalled('request body', 0.5)],
    ['after the request', stalled('response head', 0)],
  ])('%s: given up after CE_DELTA_TIMEOUT', async (_, toxic) => {
    const play = await scene()
    play.proxy.poison(toxic)
    const started = performance.now()
    const result = await play.push({ CE_DELTA_MAX_RETRIES: '0', CE_DELTA_TIMEOUT: '0.5' })
    expect(result.exitCode).toBe(4)
    expect(performance.now() - started).toBeLessThan(10_000)
    play.proxy.cure()
    await expectConvergence(play, 2)
  })
})

describe('a request that arrives twice, or late (row 80)', () => {
  test('twice: one effect', async () => {
    const play = await scene()
    play.proxy.poison({ kind: 'duplicate', when: 'afterwards' })
    expect((await play.push()).exitCode).toBe(0)
    expect(play.server.events.filter((event) => event.event === 'applied' && event.replayed)).toHaveLength(1)
    await expectConvergence(play, 2)
  })

  test('late, after the same bundle was sent again, and after the next one', async () => {
    const play = await scene()
    play.proxy.poison({ kind: 'hold' }, { times: 1 })
    expect((await play.push({ CE_DELTA_MAX_RETRIES: '0' })).exitCode).toBe(4)
    await editEverything(play.root, 3)
    await expectMirror(await play.push(), await filesOf(play.root))
    expect(await play.proxy.deliverLate()).toEqual(['HTTP/1.1 200 OK'])
    await expectConvergence(play, 3)
  })

  test('late, when everything was sent anew', async () => {
    const play = await scene()
    play.proxy.poison({ kind: 'hold' }, { times: 1 })
    expect((await play.push({ CE_DELTA_MAX_RETRIES: '0' })).exitCode).toBe(4)
    const full = await ceDelta(play.root, ['push', '--json', '--full'], { env: { CE_DELTA_ENDPOINT: play.proxy.url } })
    await expectMirror(full, await filesOf(play.root))
    await play.proxy.deliverLate()
    await expectConvergence(play, full.report.sequence ?? 0)
  })

  test('late, between the question and the next upload', async () => {
    const play = await scene()
    play.proxy.poison({ kind: 'hold' }, { times: 1 })
    expect((await play.push({ CE_DELTA_MAX_RETRIES: '0' })).exitCode).toBe(4)
    const [late, pushed] = await Promise.all([play.proxy.deliverLate(), play.push()])
    expect([late, pushed.exitCode]).toEqual([['HTTP/1.1 200 OK'], 0])
    await expectConvergence(play, 2)
  })
})

test('a request is held twice, and both arrive after the server was brought on by others', async () => {
  const play = await scene()
  play.proxy.poison({ kind: 'hold' }, { times: 2 })
  expect((await play.push({ CE_DELTA_MAX_RETRIES: '0' })).exitCode).toBe(4)
  await writeTree(play.root, { later: 'x' })
  expect((await play.push({ CE_DELTA_MAX_RETRIES: '0' })).exitCode).toBe(4)
  await play.proxy.deliverLate()
  await expectConvergence(play, 3)
})
