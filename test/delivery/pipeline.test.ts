import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { blackhole } from '../helpers/blackhole.js'
import { ceDelta, expectMirror, filesOf, thisMachine } from '../helpers/command.js'
import { editEverything } from '../helpers/killing.js'
import { closedPort, NO_NETWORK, scriptedServer, UNKNOWN_NAME } from '../helpers/scripted-server.js'
import { type Serving, serve } from '../helpers/serving.js'
import { gitRepository, writeTree } from '../helpers/workspace.js'

const DOWN = { CE_DELTA_MAX_RETRIES: '0' }

async function workspace(): Promise<string> {
  const root = await gitRepository()
  await editEverything(root, 1)
  return root
}

function pushTo(root: string, url: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
  return ceDelta(root, ['push', '--json', ...args], { env: { CE_DELTA_ENDPOINT: url, ...DOWN, ...env } })
}

async function outboxOf(root: string): Promise<string[]> {
  const folder = join(root, '.git/ce-delta/outbox')
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  return names.filter((name) => name.includes('/')).map((name) => join(folder, name))
}

describe('the server is down (row 61)', () => {
  test('queued with exit 4, never two bundles; when it is back one push makes both equal', async () => {
    const root = await workspace()
    const port = await closedPort()
    for (let turn = 1; turn < 5; turn++) {
      await editEverything(root, turn)
      const { exitCode, report } = await pushTo(root, `http://127.0.0.1:${port}`)
      expect([exitCode, report.outcome, report.bundles.length]).toEqual([4, 'queued', 1])
      expect(report.error?.code).toBe('receiver-unreachable')
      expect(await outboxOf(root)).toHaveLength(2)
    }
    const server = await serve({ port })
    const report = await expectMirror(await pushTo(root, server.url), await filesOf(root))
    expect([report.sequence, report.bundles.length]).toEqual([1, 1])
    expect(await outboxOf(root)).toEqual([])
  })

  test.each<[string, () => Promise<string>]>([
    ['a port that refuses', async () => `http://127.0.0.1:${await closedPort()}`],
    ['a network that swallows every packet', blackhole],
    ['no network that leads there', async () => NO_NETWORK],
    ['a name that nobody knows', async () => UNKNOWN_NAME],
  ])('%s: queued with exit 4, and told in one line', async (_, endpoint) => {
    const root = await workspace()
    const { exitCode, report, stderr } = await pushTo(root, await endpoint(), [], { CE_DELTA_TIMEOUT: '0.5' })
    expect([exitCode, report.outcome, report.error?.code]).toEqual([4, 'queued', 'receiver-unreachable'])
    expect(await outboxOf(root)).toHaveLength(2)
    expect(stderr).not.toContain('    at ')
  })

  test('nothing changed since: that is not a success either, because nothing was proven (I5)', async () => {
    const root = await workspace()
    const server = await serve()
    expect((await pushTo(root, server.url)).exitCode).toBe(0)
    await server.kill()
    const { exitCode, report } = await pushTo(root, server.url)
    expect([exitCode, report.outcome, report.receiver_tree]).toEqual([4, 'queued', null])
    expect(await outboxOf(root)).toEqual([])
  })

  test('retries are told, and there are as many as were asked for', async () => {
    const root = await workspace()
    const url = `http://127.0.0.1:${await closedPort()}`
    const { events, exitCode } = await pushTo(root, url, [], { CE_DELTA_MAX_RETRIES: '2' })
    expect(exitCode).toBe(4)
    expect(events.filter(({ event }) => event === 'retry').map(({ attempt }) => attempt)).toEqual([1, 2])
  })

  test('fallback: the embedded receiver gets the delta too, and the server gets it later', async () => {
    const root = await workspace()
    await writeTree(root, { 'ce-delta.config.json': '{"fallback":"local"}' })
    const port = await closedPort()
    const { exitCode, report } = await pushTo(root, `http://127.0.0.1:${port}`)
    expect([exitCode, report.outcome, report.fallback?.outcome]).toEqual([4, 'queued', 'confirmed'])
    expect(report.fallback?.receiver_tree).toBe(report.tree)
    const server = await serve({ port })
    await expectMirror(await pushTo(root, server.url), await filesOf(root))
  })

  test.each(['json', 'tar.gz'])('a %s of the outbox is damaged meanwhile (row 9)', async (suffix) => {
    const root = await workspace()
    const port = await closedPort()
    await pushTo(root, `http://127.0.0.1:${port}`)
    for (const file of (await outboxOf(root)).filter((name) => name.endsWith(suffix)))
      await writeFile(file, (await readFile(file)).subarray(0, 100))
    const server = await serve({ port })
    await expectMirror(await pushTo(root, server.url), await filesOf(root))
  })
})

describe('the server is not as it was', () => {
  test('its data were wiped: everything is sent again (row 81)', async () => {
    const root = await workspace()
    let server = await serve()
    await pushTo(root, server.url)
    await server.kill()
    await rm(server.data, { recursive: true })
    server = await serve({ port: server.port })
    await expectMirror(await pushTo(root, server.url), await filesOf(root))
  })

  test('it was restored from an older copy: what is missing is found by its listing (row 81)', async () => {
    const root = await workspace()
    let server = await serve()
    await pushTo(root, server.url)
    const { home } = await thisMachine()
    await cp(server.data, join(home, 'copy'), { recursive: true })
    await editEverything(root, 2)
    await editEverything(root, 3)
    await pushTo(root, server.url)
    await server.kill()
    await rm(server.data, { recursive: true })
    await cp(join(home, 'copy'), server.data, { recursive: true })
    server = await serve({ port: server.port })
    await expectMirror(await pushTo(root, server.url), await filesOf(root))
  })

  test('another writer was there: exit 6, and only --force overwrites it (row 77)', async () => {
    const [root, other] = [await workspace(), await gitRepository()]
    const server = await serve()
    await pushTo(root, server.url)
    await writeTree(other, { 'theirs.txt': 'theirs' })
    const takeOver = ['--workspace-path', root]
    await expectMirror(await pushTo(other, server.url, takeOver), await filesOf(other))
    await editEverything(root, 2)
    const { exitCode, report } = await pushTo(root, server.url)
    expect([exitCode, report.error?.code]).toEqual([6, 'conflict'])
    await expectMirror(await pushTo(other, server.url, takeOver), await filesOf(other))
    await expectMirror(await pushTo(root, server.url, ['--force']), await filesOf(root))
    expect((await pushTo(other, server.url, takeOver)).exitCode).toBe(6)
  })

  test('--full sends everything, though nothing changed', async () => {
    const root = await workspace()
    const server = await serve()
    await pushTo(root, server.url)
    const files = await filesOf(root)
    const report = await expectMirror(await pushTo(root, server.url, ['--full']), files)
    expect([report.operations.created, report.sequence]).toEqual([files.size, 2])
  })

  test('it dies between two bundles, and a push when it is back sends only the rest', async () => {
    const root = await gitRepository()
    await mkdir(join(root, 'many'))
    for (let at = 0; at < 10_050; at++) await writeFile(join(root, 'many', `${at}.txt`), `${at}\n`)
    const server = await serve()
    const half = await pushUntilFirstBundle(root, server)
    expect([half.exitCode, half.report.outcome]).toEqual([4, 'queued'])
    const again = await serve({ port: server.port })
    const report = await expectMirror(await pushTo(root, again.url), await filesOf(root))
    const queued = half.report.bundles.map(({ id }) => id)
    expect(queued.length).toBeGreaterThan(0)
    expect(report.bundles.map(({ id }) => id)).toEqual(queued)
    const effects = [...server.events, ...again.events].filter(
      ({ event, replayed }) => event === 'applied' && !replayed,
    )
    expect(effects.map(({ sequence }) => sequence)).toEqual(effects.map((_, index) => index + 1))
    expect(report.sequence).toBe(effects.length)
    expect(effects.length).toBeGreaterThan(1)
  }, 120_000)
})

/** Kills the server when the first bundle was applied. */
async function pushUntilFirstBundle(root: string, server: Serving) {
  const watching = setInterval(() => {
    if (server.events.some(({ event }) => event === 'applied')) void server.kill()
  }, 5)
  try {
    return await pushTo(root, server.url)
  } finally {
    clearInterval(watching)
  }
}

describe('a credential belongs to one origin', () => {
  const TOKEN = 'canary-token-51c3'

  test('an endpoint that only the repository names never sees it: exit 12 (row 100)', async () => {
    const root = await workspace()
    const thief = await scriptedServer(() => ({ body: '{}' }))
    await writeTree(root, { 'ce-delta.config.json': JSON.stringify({ endpoint: thief.url }) })
    const result = await ceDelta(root, ['push', '--json'], { env: { CE_DELTA_TOKEN: TOKEN, ...DOWN } })
    expect([result.exitCode, thief.bytes()]).toEqual([12, 0])
    expect(result.stdout + result.stderr).not.toContain(TOKEN)
    expect(result.stdout).toContain('not-authorised')
  })

  test.each([307, 301])('a redirect (%i) does not carry it elsewhere: exit 7 (row 67)', async (status) => {
    const root = await workspace()
    const thief = await scriptedServer(() => ({ body: '{"last_sequence":0}' }))
    const server = await scriptedServer(() => ({ status, headers: { location: thief.url } }))
    const result = await pushTo(root, server.url, [], { CE_DELTA_TOKEN: TOKEN })
    expect([result.exitCode, thief.bytes()]).toEqual([7, 0])
    expect(server.requests[0]?.headers.authorization).toBe(`Bearer ${TOKEN}`)
    expect(result.stdout + result.stderr).not.toContain(TOKEN)
  })

  test('a wrong one is exit 12, told without it, and not tried again (row 68)', async () => {
    const root = await workspace()
    const server = await scriptedServer(() => ({ status: 401, body: '{"detail":"who are you"}' }))
    const result = await pushTo(root, server.url, [], { CE_DELTA_TOKEN: TOKEN, CE_DELTA_MAX_RETRIES: '3' })
    expect([result.exitCode, server.requests.length]).toEqual([12, 1])
    expect(result.stdout + result.stderr).not.toContain(TOKEN)
  })
})

describe('an answer that makes no sense to an upload (row 66)', () => {
  test.each(['<html>Welcome</html>', '{"success":"true"}', '{', '', '\uFEFF{"success":true}'])(
    '%j: exit 7, and the bundle is kept',
    async (body) => {
      const root = await workspace()
      const status = JSON.stringify({ last_sequence: 0, status: 'ready' })
      const server = await scriptedServer(({ method }) => ({ body: method === 'GET' ? status : body }))
      const result = await pushTo(root, server.url)
      expect([result.exitCode, result.report.error?.code]).toEqual([7, 'answer-malformed'])
      expect(await outboxOf(root)).toHaveLength(2)
      expect(server.requests.filter(({ url }) => url.endsWith('upload'))).toHaveLength(1)
    },
  )
})

describe('a status that makes no sense', () => {
  test.each(['null', '"1"', '1.5', '-1', '9007199254740992', undefined])(
    'the sequence is %s: exit 7, and nothing is sent (row 84)',
    async (sequence) => {
      const root = await workspace()
      const field = sequence === undefined ? '' : `"last_sequence":${sequence},`
      const server = await scriptedServer(() => ({ body: `{${field}"status":"ready"}` }))
      const { exitCode, report } = await pushTo(root, server.url)
      expect([exitCode, report.error?.code]).toEqual([7, 'answer-malformed'])
      expect(server.requests.filter(({ method }) => method === 'POST')).toEqual([])
    },
  )
})
