import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from '@jest/globals'
import { accessTo } from '../../src/access.js'
import { loadConfig } from '../../src/config/load.js'
import { readSession, removeSession, writeSession } from '../../src/config/session-file.js'
import type { ConfigFlags } from '../../src/config/sources.js'
import { temporaryDirectory, writeTree } from '../helpers/workspace.js'

const THERE = 'https://there.example/context'
let home: string
beforeEach(async () => {
  home = await temporaryDirectory()
})

const environment = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({ HOME: home, ...more })

interface Said {
  readonly file?: object
  readonly env?: NodeJS.ProcessEnv
  readonly flags?: ConfigFlags
}

async function load({ file = {}, env = {}, flags = {} }: Said) {
  const root = await temporaryDirectory()
  await writeTree(root, { 'ce-delta.config.json': JSON.stringify(file) })
  return await loadConfig({ root, hasFiles: true, environment: environment(env), flags })
}

/** What would be shown to the endpoint, or the code of the refusal. */
async function shown(said: Said) {
  try {
    const config = await load(said)
    const { token, session } = await accessTo(config.endpoint ?? '', config, environment(said.env))
    return { token, session }
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown ? thrown.code : thrown
  }
}

async function keep(entries: object, name = '.ctxce/auth.json'): Promise<void> {
  await writeTree(home, { [name]: JSON.stringify(entries) })
}

describe('where a credential comes from', () => {
  const env = { CE_DELTA_ENDPOINT: THERE }

  test('a token is the session too, where there is no other', async () => {
    expect(await shown({ env: { ...env, CE_DELTA_TOKEN: 'T' } })).toEqual({ token: 'T', session: 'T' })
  })

  test.each([
    [{ CTXCE_SESSION_ID: 'c' }, 'c'],
    [{ CTXCE_SESSION_ID: 'c', CTXCE_UPLOAD_SESSION_ID: 'b' }, 'b'],
    [{ CTXCE_SESSION_ID: 'c', CTXCE_UPLOAD_SESSION_ID: 'b', CE_DELTA_SESSION_ID: 'a' }, 'a'],
    [{ CTXCE_UPLOAD_SESSION_ID: ' ', CTXCE_SESSION_ID: 'c' }, 'c'],
  ])('the variables %j give the session %s', async (variables, session) => {
    await keep({ [THERE]: { sessionId: 'of the file' } })
    expect(await shown({ env: { ...env, ...variables } })).toEqual({ token: null, session })
  })

  test('a token and a session are two things: a gateway may want the one, the server behind it the other', async () => {
    await keep({ [THERE]: { sessionId: 'S' } })
    expect(await shown({ env: { ...env, CE_DELTA_TOKEN: 'T' } })).toEqual({ token: 'T', session: 'S' })
  })

  test('a command prints it, named by the environment or for an origin', async () => {
    const command = 'echo "printed"'
    expect(await shown({ env: { ...env, CE_DELTA_TOKEN_COMMAND: command } })).toMatchObject({ token: 'printed' })
    await keep({ 'https://there.example': { command } }, '.config/ce-delta/credentials.json')
    expect(await shown({ file: { endpoint: THERE } })).toMatchObject({ token: 'printed' })
  })

  test.each(['exit 3', 'true', 'echo "two words"', 'printf "\\\\033[31m"'])(
    'the command %j prints none',
    async (text) => {
      expect(await shown({ env: { ...env, CE_DELTA_TOKEN_COMMAND: text } })).toMatch(/not-authorised|configuration-inv/)
    },
  )

  test('a file of tokens that makes no sense is told', async () => {
    for (const entry of [7, ['x'], { token: 7 }, { command: ['a'] }]) {
      await keep({ 'https://there.example': entry }, '.config/ce-delta/credentials.json')
      expect(await shown({ env })).toBe('configuration-invalid')
    }
  })
})

describe('a credential belongs to one origin', () => {
  const file = { endpoint: 'https://elsewhere.example' }

  test.each(['CE_DELTA_TOKEN', 'CE_DELTA_TOKEN_COMMAND', 'CE_DELTA_SESSION_ID', 'CTXCE_SESSION_ID'])(
    '%s never goes where only a repository points',
    async (name) => {
      expect(await shown({ file, env: { [name]: 'echo-canary' } })).toBe('not-authorised')
    },
  )

  test('what was given for the origin itself goes there, whatever the environment has for another one', async () => {
    await keep({ 'https://elsewhere.example': { sessionId: 'S' } })
    expect(await shown({ file, env: { CTXCE_SESSION_ID: 'canary' } })).toEqual({ token: null, session: 'S' })
  })

  test('a session is sent to its own host, scheme and port', async () => {
    await keep({ 'https://there.example:8443': { sessionId: 'S' } })
    for (const endpoint of ['https://there.example', 'http://there.example:8443', 'https://not-there.example:8443'])
      expect(await shown({ file: { endpoint } })).toEqual({ token: null, session: null })
  })
})

describe('faults.md row 74: plain http', () => {
  const env = (endpoint: string) => ({ CE_DELTA_ENDPOINT: endpoint, CTXCE_SESSION_ID: 'S' })

  test.each<[string, boolean]>([
    ['http://there.example', false],
    ['http://192.168.1.7:8004', false],
    ['http://127.0.0.1.evil.example', false],
    ['http://localhost.evil.example:8004', false],
    ['http://[2001:db8::1]:8004', false],
    ['https://there.example', true],
    ['http://localhost:8004', true],
    ['http://127.0.0.2:8004', true],
    ['http://[::1]:8004', true],
  ])('to %s a credential travels: %s', async (endpoint, travels) => {
    expect(await shown({ env: env(endpoint) })).toEqual(
      travels ? { token: null, session: 'S' } : 'configuration-invalid',
    )
    const told = { token: null, session: 'S' }
    expect(await shown({ env: env(endpoint), flags: { allowInsecureHttp: true } })).toEqual(told)
    expect(await shown({ env: env(endpoint), file: { allowInsecureHttp: true } })).toEqual(told)
    expect(await shown({ env: { ...env(endpoint), CE_DELTA_ALLOW_INSECURE_HTTP: '1' } })).toEqual(told)
    expect(await shown({ env: { CE_DELTA_ENDPOINT: endpoint } })).toEqual({ token: null, session: null })
  })
})

describe('~/.ctxce/auth.json', () => {
  test.each<[string, object]>([
    ['as it is looked up first', { [THERE]: { sessionId: 'S' } }],
    ['with a slash at its end', { [`${THERE}/`]: { sessionId: 'S' } }],
    ['in other letters', { 'HTTPS://There.Example:443/context//': { sessionId: 'S' } }],
    ['scheme and host only', { 'https://there.example': { sessionId: 'S' } }],
    ['with underscores', { [THERE]: { session_id: 'S', user_id: 'ada', expires_at: 0 } }],
    [
      'beside others',
      { 'not an address': {}, 'https://other.example': { sessionId: 'x' }, [THERE]: { sessionId: 'S' } },
    ],
    ['where a better entry has none', { [THERE]: { sessionId: '' }, 'https://there.example': { sessionId: 'S' } }],
    ['the better one of two', { 'https://there.example': { sessionId: 'x' }, [`${THERE}/`]: { sessionId: 'S' } }],
  ])('an address %s', async (_, entries) => {
    await keep(entries)
    expect((await readSession(THERE, environment()))?.id).toBe('S')
  })

  test('another path of the same origin is another server', async () => {
    await keep({ 'https://there.example/other': { sessionId: 'S' } })
    expect(await readSession(THERE, environment())).toBeNull()
  })

  test.each(['http://127.0.0.1:8004', 'http://[::1]:8004', 'http://localhost:8004/'])(
    'this machine by another name: %s',
    async (key) => {
      await keep({ [key]: { sessionId: 'S' } })
      expect((await readSession('http://localhost:8004', environment()))?.id).toBe('S')
      expect(await readSession('http://localhost:8005', environment())).toBeNull()
    },
  )

  test.each([
    [undefined, null],
    [0, null],
    [-1, null],
    ['soon', null],
    [1e300, null],
    [1_900_000_000, 1_900_000_000],
    ['1900000000', 1_900_000_000],
  ])('expiresAt %j means %j', async (expiresAt, meant) => {
    await keep({ [THERE]: { sessionId: 'S', expiresAt } })
    expect((await readSession(THERE, environment()))?.expiresAt).toBe(meant)
  })

  test('what is no list of logins is told, and an empty or missing file is none', async () => {
    expect(await readSession(THERE, environment())).toBeNull()
    await writeTree(home, { '.ctxce/auth.json': '' })
    expect(await readSession(THERE, environment())).toBeNull()
    await writeTree(home, { '.ctxce/auth.json': '[' })
    await expect(readSession(THERE, environment())).rejects.toMatchObject({ code: 'configuration-invalid' })
  })

  const login = { id: 'new', userId: 'ada', expiresAt: null }

  test('is written for its owner only, whole, and keeps what it says of others', async () => {
    const file = join(home, '.ctxce/auth.json')
    await keep({ 'https://other.example': { sessionId: 'x', more: 1 }, [`${THERE}/`]: { sessionId: 'old' } })
    await chmod(file, 0o644)
    await writeSession(THERE, login, environment())
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({
      'https://other.example': { sessionId: 'x', more: 1 },
      [THERE]: { sessionId: 'new', userId: 'ada', expiresAt: 0 },
    })
  })

  test('is made where there is none, in a folder for its owner', async () => {
    await writeSession(THERE, login, environment())
    expect((await stat(join(home, '.ctxce'))).mode & 0o777).toBe(0o700)
    expect((await readSession(THERE, environment()))?.userId).toBe('ada')
  })

  test('may be a link to a file elsewhere, which is written', async () => {
    await mkdir(join(home, '.ctxce'))
    await writeFile(join(home, 'kept.json'), '{}')
    await symlink('../kept.json', join(home, '.ctxce/auth.json'))
    await writeSession(THERE, login, environment())
    expect(await readFile(join(home, 'kept.json'), 'utf8')).toContain('new')
  })

  test('keeps what several write at the same time', async () => {
    const endpoints = Array.from({ length: 12 }, (_, at) => `https://server-${at}.example`)
    await Promise.all(endpoints.map(async (endpoint) => await writeSession(endpoint, login, environment())))
    const [gone = '', ...kept] = endpoints
    const others = kept.map(
      async (endpoint) => await writeSession(`${endpoint}/`, { ...login, id: 'x' }, environment()),
    )
    await Promise.all([removeSession(gone, environment()), ...others])
    const entries = JSON.parse(await readFile(join(home, '.ctxce/auth.json'), 'utf8'))
    expect(Object.keys(entries).sort()).toEqual(kept.map((endpoint) => `${endpoint}/`).sort())
    expect(await readdir(join(home, '.ctxce'))).toEqual(['auth.json'])
  })

  test('forgets every entry that would be found again', async () => {
    await keep({ [THERE]: { sessionId: 'a' }, 'https://there.example': { sessionId: 'b' }, 'https://x.example': {} })
    expect(await removeSession(THERE, environment())).toBe(true)
    expect(await readSession(THERE, environment())).toBeNull()
    expect(await removeSession(THERE, environment())).toBe(false)
    expect(JSON.parse(await readFile(join(home, '.ctxce/auth.json'), 'utf8'))).toEqual({ 'https://x.example': {} })
  })
})
