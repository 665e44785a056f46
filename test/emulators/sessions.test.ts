import { chmod, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { type CommandOptions, type CommandResult, ceDelta, thisMachine } from '../helpers/command.js'
import { serve } from '../helpers/serving.js'
import { gitRepository, writeTree } from '../helpers/workspace.js'
import { GENERATION_NAMES, GENERATIONS, TESTED_GENERATIONS } from './generations.js'
import { type Emulator, emulator } from './server.js'

interface Scene {
  readonly root: string
  readonly server: Emulator
  run(args: string[], options?: CommandOptions): Promise<CommandResult>
}

async function scene(generation: (typeof GENERATION_NAMES)[number]): Promise<Scene> {
  const server = await emulator(generation)
  server.logins.enabled = true
  server.logins.passwords.set('ada', 'canary-password')
  server.logins.sharedToken = 'canary-shared'
  const root = await gitRepository({ files: { a: 'a' } })
  const run: Scene['run'] = async (args, options = {}) => {
    const env = { CE_DELTA_ENDPOINT: server.url, CE_DELTA_MAX_RETRIES: '2', ...options.env }
    const result = await ceDelta(root, args, { ...options, env })
    expect(result.stdout + result.stderr).not.toContain('canary')
    for (const session of server.logins.sessions.keys()) expect(result.stdout + result.stderr).not.toContain(session)
    return result
  }
  return { root, server, run }
}

/** What they have of their own says little of logins; with all generations each of them is tested. */
const IS_QUICK = TESTED_GENERATIONS.length < GENERATION_NAMES.length
const WITH_LOGINS = TESTED_GENERATIONS.filter((name) => GENERATIONS[name].formFields.includes('session')).slice(
  IS_QUICK ? -1 : 0,
)
const BY_PASSWORD = ['login', '--user', 'ada', '--password-stdin']

describe.each(WITH_LOGINS)('a login at a server of generation %s', (name) => {
  test('with a password: written for its owner only, used by every later command, and forgotten', async () => {
    const { root, server, run } = await scene(name)
    const { home } = await thisMachine()
    expect((await run(['push'])).exitCode).toBe(12)
    expect(await server.files(root)).toEqual(new Map())
    const login = await run(BY_PASSWORD, { input: 'canary-password\n', umask: '0000' })
    expect([login.exitCode, login.stderr]).toEqual([0, expect.stringContaining('ada')])
    expect((await stat(join(home, '.ctxce/auth.json'))).mode & 0o777).toBe(0o600)
    expect((await run(['push'])).exitCode).toBe(0)
    expect([...(await server.files(root)).keys()]).toEqual(['a'])
    expect((await run(['status'])).stdout).toMatch(/^login {6}ada \(.*auth\.json\)$/m)
    expect(await run(['whoami'])).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('ada') })
    expect((await run(['doctor', '--json'])).stdout).toContain('"name":"credential","level":"pass"')
    expect((await run(['logout'])).exitCode).toBe(0)
    await writeTree(root, { b: 'b' })
    expect((await run(['push'])).exitCode).toBe(12)
    expect((await run(['whoami'])).exitCode).toBe(12)
    expect((await run(['doctor'])).exitCode).toBe(12)
  })

  test('faults.md row 68: a session that ended is not tried again and again, and the outbox is kept', async () => {
    const { root, server, run } = await scene(name)
    await run(BY_PASSWORD, { input: 'canary-password' })
    await run(['push'])
    server.logins.sessions.clear()
    await writeTree(root, { b: 'b' })
    const before = server.requests.length
    const { exitCode, stderr } = await run(['push'])
    expect([exitCode, stderr]).toEqual([12, expect.stringContaining('does not know who asks')])
    expect(stderr).toContain('ce-delta login')
    const asked = server.requests.slice(before).filter((request) => request === 'POST /api/v1/delta/upload')
    expect(asked).toHaveLength(1)
    expect((await run(['outbox', 'list', '--json'])).stdout).toContain('"sequence":2')
    await run(BY_PASSWORD, { input: 'canary-password' })
    expect((await run(['push'])).exitCode).toBe(0)
    expect([...(await server.files(root)).keys()].sort()).toEqual(['a', 'b'])
  })

  test('faults.md row 68: a user who may not write is told so, and what to do', async () => {
    const { server, run } = await scene(name)
    server.logins.writers = new Set(['somebody else'])
    await run(BY_PASSWORD, { input: 'canary-password' })
    const { exitCode, stderr } = await run(['push'])
    expect([exitCode, stderr]).toEqual([12, expect.stringContaining('does not allow this')])
    expect(stderr).toContain('administrator')
    expect(stderr).not.toContain('ce-delta login')
    const doctor = await run(['doctor'])
    const isTold = GENERATIONS[name].plans
    expect(doctor.exitCode).toBe(isTold ? 12 : 0)
  })

  test('with a shared token: the server knows us by the name that we give', async () => {
    const { server, run } = await scene(name)
    server.logins.writers = new Set(['builder'])
    const login = await run(['login', '--token-stdin', '--user', 'builder'], { input: 'canary-shared\n' })
    expect(login.exitCode).toBe(0)
    expect([...server.logins.sessions.values()]).toEqual(['builder'])
    expect((await run(['push'])).exitCode).toBe(0)
  })

  test('what it is told of the workspace', async () => {
    const { root, server, run } = await scene(name)
    await run(BY_PASSWORD, { input: 'canary-password' })
    expect((await run(['push', '--pinned'])).exitCode).toBe(0)
    const [session = ''] = server.logins.sessions.keys()
    const fields = server.fields.at(-1)
    expect(fields).toMatchObject({
      workspace_path: expect.stringMatching(new RegExp(`^/work/${basename(root)}-[0-9a-f]{16}$`)),
      source_path: root,
      logical_repo_id: expect.stringMatching(/^git:[0-9a-f]{16}$/),
      session,
    })
    expect(fields !== undefined && 'collection_name' in fields).toBe(!GENERATIONS[name].plans)
    await run(['push', '--pinned', '--full', '--collection', 'mine'])
    expect(server.fields.at(-1)).toMatchObject({ collection_name: 'mine' })
    expect(server.heads.join()).not.toContain(session)
  })
})

describe('a login', () => {
  test.each<[string, string[], NodeJS.ProcessEnv]>([
    ['a token', ['login'], { CE_DELTA_LOGIN_TOKEN: 'canary-shared' }],
    ['a token, by the names of the other client', ['login'], { CTXCE_AUTH_TOKEN: 'canary-shared' }],
    ['a password', ['login', '--user', 'ada'], { CE_DELTA_LOGIN_PASSWORD: 'canary-password' }],
    ['both', ['login'], { CTXCE_AUTH_USERNAME: 'ada', CTXCE_AUTH_PASSWORD: 'canary-password' }],
  ])('takes %s from the environment', async (_, args, env) => {
    const { server, run } = await scene('S2')
    expect((await run(args, { env })).exitCode).toBe(0)
    expect(server.logins.sessions.size).toBe(1)
  })

  test('that is refused changes nothing, and shows nothing of what was sent', async () => {
    const { server, run } = await scene('S2')
    const refused = await run(BY_PASSWORD, { input: 'canary-wrong' })
    expect([refused.exitCode, refused.stderr]).toEqual([12, expect.stringContaining('refused')])
    expect((await run(BY_PASSWORD, { input: '\n' })).exitCode).toBe(2)
    expect((await run(['login', '--token-stdin'], { input: 'canary-wrong' })).exitCode).toBe(12)
    expect(server.logins.sessions.size).toBe(0)
    expect((await run(['whoami'])).stdout).toContain('nobody')
  })

  test('without a terminal asks nothing and says how', async () => {
    const { run } = await scene('S2')
    expect(await run(['login'])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--token-stdin') })
  })

  test('at a server that asks for none is none, and at one without logins an error', async () => {
    const { server, run } = await scene('A1')
    server.logins.enabled = false
    expect(await run(['login'])).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('asks for no login') })
    expect(await run(['whoami'])).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('asks for no login') })
    for (const url of [(await emulator('P0')).url, (await serve()).url])
      expect(await run(['login', url])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('no logins') })
  })

  test('is not made where only a file of the repository says where, and nobody looks', async () => {
    const { root, server, run } = await scene('S2')
    await writeTree(root, { 'ce-delta.config.json': JSON.stringify({ endpoint: server.url }) })
    const env = { CE_DELTA_ENDPOINT: '' }
    expect((await run(['login', '--token-stdin'], { env, input: 'canary-shared' })).exitCode).toBe(2)
    expect(server.logins.sessions.size).toBe(0)
    expect((await run(['login', server.url, '--token-stdin'], { env, input: 'canary-shared' })).exitCode).toBe(0)
    expect((await run(['push'], { env })).exitCode).toBe(0)
  })

  test('is checked where the server can be asked for that', async () => {
    const { server, run } = await scene('A1')
    server.logins.validates = true
    await run(BY_PASSWORD, { input: 'canary-password' })
    expect((await run(['whoami'])).stdout).toContain('the server accepts it')
    server.logins.sessions.clear()
    expect(await run(['whoami'])).toMatchObject({ exitCode: 12, stdout: expect.stringContaining('not any more') })
  })

  test('that has ended by the clock is tried all the same: the server may have prolonged it', async () => {
    const { server, run } = await scene('S2')
    server.logins.expiresAt = 1_700_000_000
    await run(BY_PASSWORD, { input: 'canary-password' })
    expect((await run(['status'])).stdout).toContain('expired 2023-11-1')
    expect((await run(['push'])).exitCode).toBe(0)
  })

  test('in a file that others can read is a warning', async () => {
    const { run } = await scene('S2')
    await run(BY_PASSWORD, { input: 'canary-password' })
    await chmod(join((await thisMachine()).home, '.ctxce/auth.json'), 0o644)
    expect((await run(['doctor', '--json'])).stdout).toContain('"name":"credential","level":"warn"')
  })
})

describe('the name of the folder', () => {
  test.each([...new Set(['P0', ...TESTED_GENERATIONS] as const)])(
    'at %s: whether it alone says which workspace it is',
    async (name) => {
      const server = await emulator(name)
      const root = await gitRepository({ files: { a: 'a' } })
      const run = (...args: string[]) => ceDelta(root, args, { env: { CE_DELTA_ENDPOINT: server.url } })
      const warning = 'another folder of the same name would be the same workspace'
      const isAlone = name !== 'P0'
      expect((await run('status')).stdout.includes(warning)).toBe(isAlone)
      expect((await run('status', '--pinned')).stdout).not.toContain(warning)
      const doctor = await run('doctor', '--json')
      expect([doctor.exitCode, doctor.stdout.includes('"name":"identity","level":"warn"')]).toEqual([0, isAlone])
    },
  )

  test('is never all at our own server', async () => {
    const { url } = await serve()
    const root = await gitRepository({ files: { a: 'a' } })
    expect((await ceDelta(root, ['status'], { env: { CE_DELTA_ENDPOINT: url } })).stdout).not.toContain('same name')
  })
})
