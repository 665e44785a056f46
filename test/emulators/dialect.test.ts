import { describe, expect, test } from '@jest/globals'
import { DIALECTS, type DialectName } from '../../src/delivery/dialects/dialect.js'
import { ceDelta, push as pushLocally } from '../helpers/command.js'
import { serve } from '../helpers/serving.js'
import { gitRepository, writeTree } from '../helpers/workspace.js'
import { GENERATION_NAMES, type GenerationName } from './generations.js'
import { emulator } from './server.js'

/** What is known before the first bundle was answered, and after it; Q cannot be told from A1, nor A3 from A3+. */
const TOLD: Readonly<Record<GenerationName, readonly [before: DialectName, after: DialectName, hidden: DialectName]>> =
  {
    P0: ['P0', 'P0', 'unknown, at once'],
    S1: ['unknown, early', 'S1', 'unknown, at once'],
    A1: ['unknown', 'A1', 'A1'],
    Q: ['unknown', 'A1', 'A1'],
    S2: ['unknown', 'S2', 'unknown, at once'],
    A3: ['A3', 'A3', 'A3'],
    'A3+': ['A3', 'A3', 'A3'],
  }

describe.each(GENERATION_NAMES)('the dialect of %s', (name) => {
  const [before, after, hidden] = TOLD[name]

  test('is found without an effect, remembered, and shown by ce-delta status', async () => {
    const server = await emulator(name)
    const root = await gitRepository({ files: { a: 'a' } })
    const run = (...args: string[]) => ceDelta(root, args, { env: { CE_DELTA_ENDPOINT: server.url } })
    const first = await run('status')
    expect([first.exitCode, first.stdout]).toEqual([0, expect.stringContaining(DIALECTS[before].summary)])
    expect(server.requests.filter((request) => request.startsWith('POST'))).toEqual([])
    expect(await server.files(root)).toEqual(new Map())
    expect((await run('push')).exitCode).toBe(0)
    const asked = server.requests.filter((request) => request === 'GET /openapi.json').length
    expect((await run('status')).stdout).toContain(`dialect    ${after}: ${DIALECTS[after].summary}`)
    expect(server.requests.filter((request) => request === 'GET /openapi.json')).toHaveLength(asked)
  })

  test('behind a proxy that lets nothing else through is found by its answers', async () => {
    const server = await emulator(name)
    server.faults.hidden = true
    const root = await gitRepository({ files: { a: 'a' } })
    const run = (...args: string[]) => ceDelta(root, args, { env: { CE_DELTA_ENDPOINT: server.url } })
    expect((await run('push')).exitCode).toBe(0)
    expect((await run('status', '--json')).events[0]).toMatchObject({ there: { dialect: hidden } })
    expect([...(await server.files(root)).keys()]).toEqual(['a'])
  })
})

test('our own receiver is asked nothing more than before, and its dialect is not worth a line', async () => {
  const root = await gitRepository({ files: { a: 'a' } })
  const { url } = await serve()
  const { stdout } = await ceDelta(root, ['status'], { env: { CE_DELTA_ENDPOINT: url } })
  expect(stdout).not.toContain('dialect')
  expect((await pushLocally(root)).exitCode).toBe(0)
})

test('what cannot be represented is named, with exit code 3, and the rest goes on', async () => {
  const server = await emulator('A1')
  const root = await gitRepository()
  await writeTree(root, { a: 'a', '.codebase/cache.json': '{}', '.remote-git': 'a file' })
  const { exitCode, stderr } = await ceDelta(root, ['push'], { env: { CE_DELTA_ENDPOINT: server.url } })
  expect(exitCode).toBe(3)
  expect(stderr).toContain('.codebase/cache.json: not possible at this receiver (this server keeps its own data')
  expect(stderr).toContain('.remote-git: not possible at this receiver')
  expect([...(await server.files(root)).keys()]).toEqual(['a'])
})
