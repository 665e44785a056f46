import { readdirSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { beforeEach, describe, expect, test } from '@jest/globals'
import { type Emulator, emulator } from '../emulators/server.js'
import {
  type CommandOptions,
  type CommandResult,
  ceDelta,
  ended,
  startCeDelta,
  thisMachine,
} from '../helpers/command.js'
import { closedPort } from '../helpers/scripted-server.js'
import { gitRepository, readTree, writeTree } from '../helpers/workspace.js'

const SESSION = 'canary-session-51c2'
const TOKEN = 'canary-token-51c2'

let server: Emulator
let root: string
beforeEach(async () => {
  server = await emulator('A3+')
  server.logins.enabled = true
  server.logins.sessions.set(SESSION, 'ada')
  root = await gitRepository({ files: { a: 'a', 'b/c': 'bc' } })
})

/** Runs a command with both credentials, and looks at the command line of every process meanwhile. */
async function run(args: string[], options: CommandOptions = {}): Promise<CommandResult> {
  const env = { CE_DELTA_ENDPOINT: server.url, CE_DELTA_TOKEN: TOKEN, CTXCE_SESSION_ID: SESSION, ...options.env }
  const child = await startCeDelta(root, args, { ...options, env: { CE_DELTA_MAX_RETRIES: '0', ...env } })
  const lines = new Set<string>()
  const looking = setInterval(() => {
    for (const line of commandLines()) lines.add(line)
  }, 5)
  const result = await ended(child, options.input)
  clearInterval(looking)
  expect(process.platform !== 'linux' || [...lines].some((line) => line.includes('cli.js'))).toBe(true)
  for (const text of [result.stdout, result.stderr, ...lines]) expect(text).not.toContain('canary')
  return result
}

function commandLines(): string[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1')
      } catch {
        // It has ended meanwhile.
        return ''
      }
    })
}

/** State, outbox, logs, memory of servers: everything that is kept. Credentials have a file of their own. */
async function expectNothingKept(): Promise<void> {
  const { home } = await thisMachine()
  const kept = [...(await readTree(root)), ...(await readTree(home))]
  expect(kept.map(([path]) => path)).toEqual(expect.arrayContaining(['.git/ce-delta/config']))
  for (const [path, content] of kept) {
    if (path === '.ctxce/auth.json') continue
    const texts = [
      path,
      content.toString('latin1'),
      ...(content[0] === 0x1f ? [gunzipSync(content).toString('latin1')] : []),
    ]
    for (const text of texts) expect([path, text.includes('canary')]).toEqual([path, false])
  }
}

describe('faults.md row 99 and I17: a credential', () => {
  test('is in one field of a request and in one header, and nowhere else at either end', async () => {
    expect((await run(['push', '--debug'])).exitCode).toBe(0)
    await writeTree(root, { d: 'd' })
    for (const args of [
      ['push', '--json'],
      ['status'],
      ['config', 'print', '--origins'],
      ['doctor'],
      ['whoami'],
      ['log'],
    ])
      expect((await run(args)).exitCode).toBe(0)
    await expectNothingKept()
    expect(server.fields.length).toBeGreaterThan(2)
    for (const { session, ...fields } of server.fields) {
      expect(session).toBe(SESSION)
      expect(JSON.stringify(fields)).not.toContain('canary')
    }
    for (const head of server.heads) expect(head.replace(`Bearer ${TOKEN}`, '')).not.toContain('canary')
    for (const bundle of server.bundles) expect(gunzipSync(bundle).toString('latin1')).not.toContain('canary')
  })

  test('is not shown where a server that refuses it repeats it', async () => {
    server.logins.sessions.clear()
    for (const flags of [[], ['--json'], ['--debug']]) {
      const { exitCode, stdout, stderr } = await run(['push', ...flags])
      expect([exitCode, stdout + stderr]).toEqual([12, expect.stringContaining('Invalid or expired session ***')])
    }
    expect((await run(['whoami'])).exitCode).toBe(12)
    await expectNothingKept()
  })

  test('is not kept with what waits for a server that cannot be reached', async () => {
    await run(['push'])
    await writeTree(root, { d: 'd' })
    const CE_DELTA_ENDPOINT = `http://127.0.0.1:${await closedPort()}`
    expect((await run(['push', '--debug'], { env: { CE_DELTA_ENDPOINT } })).exitCode).toBe(4)
    await expectNothingKept()
  })

  test('that a login gives or takes is in one file, for its owner', async () => {
    server.logins.passwords.set('ada', 'canary-password')
    const login = await run(['login', '--user', 'ada', '--password-stdin', '--debug'], { input: 'canary-password' })
    expect(login.exitCode).toBe(0)
    const [, session = 'canary'] = server.logins.sessions.keys()
    expect(login.stdout + login.stderr).not.toContain(session)
    const env = { CE_DELTA_ENDPOINT: server.url }
    expect((await ceDelta(root, ['push', '--debug'], { env })).exitCode).toBe(0)
    const { home } = await thisMachine()
    for (const [path, content] of [...(await readTree(root)), ...(await readTree(home))])
      expect([path, content.includes(session)]).toEqual([path, path === '.ctxce/auth.json'])
    await expectNothingKept()
  })
})
