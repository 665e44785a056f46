import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { DIALECTS } from '../../../src/delivery/dialects/dialect.js'
import { fileMemory, shortMemory } from '../../../src/delivery/dialects/memory.js'
import { familyFrom, Recogniser } from '../../../src/delivery/dialects/recognise.js'
import type { HttpAnswer } from '../../../src/delivery/http-exchange.js'
import { temporaryDirectory } from '../../helpers/workspace.js'

const signal = new AbortController().signal
const answer = (status: number, body: unknown): HttpAnswer => ({
  url: 'http://127.0.0.1:1/openapi.json',
  status,
  retryAfter: null,
  date: null,
  text: typeof body === 'string' ? body : JSON.stringify(body),
})
const described = (fields: readonly string[], paths: readonly string[] = []) => ({
  paths: Object.fromEntries(paths.map((path) => [path, {}])),
  components: {
    schemas: {
      Body_upload_delta: { properties: Object.fromEntries(['workspace_path', ...fields].map((name) => [name, {}])) },
    },
  },
})
const SHOWN = { isOwn: false, tellsUploads: false, fingerprint: 'one' }

test.each([
  [[], [], 'first'],
  [['source_path'], [], 'with source_path'],
  [['source_path', 'logical_repo_id'], [], 'with source_path'],
  [['source_path', 'logical_repo_id', 'session'], [], 'with logical_repo_id'],
  [['source_path', 'logical_repo_id'], ['/api/v1/delta/plan'], 'with plan'],
])('a form with %j, and paths %j', (fields, paths, family) => {
  expect(familyFrom(answer(200, described(fields, paths)))).toBe(family)
})

test.each([
  ['a page', answer(200, '<html></html>')],
  ['nothing there', answer(404, { detail: 'Not Found' })],
  ['the description of something else', answer(200, { paths: {}, components: { schemas: {} } })],
  ['a list', answer(200, [])],
])('%s tells nothing', (_, said) => {
  expect(familyFrom(said)).toBeNull()
})

describe('what was found', () => {
  function asked() {
    const questions: string[] = []
    const ask = async (method: string, path: string): Promise<HttpAnswer> => {
      questions.push(`${method} ${path}`)
      return path === '/openapi.json'
        ? answer(200, described(['source_path', 'logical_repo_id', 'session']))
        : answer(404, {})
    }
    return { questions, ask }
  }

  test('is remembered by another process, until the server shows itself differently', async () => {
    const folder = await temporaryDirectory()
    const { questions, ask } = asked()
    const recogniser = () => new Recogniser(fileMemory(folder, 'http://127.0.0.1:1'), ask)
    const first = recogniser()
    expect(await first.dialect(SHOWN, signal)).toBe(DIALECTS.unknown)
    await first.learnAnswer('applied')
    await first.learnSeveralCounters()
    const second = recogniser()
    expect(await second.dialect(SHOWN, signal)).toBe(DIALECTS.S2)
    expect([second.hasSeveralCounters, questions.length]).toEqual([true, 1])
    expect(await second.dialect({ ...SHOWN, fingerprint: 'two' }, signal)).toBe(DIALECTS.unknown)
    expect([second.hasSeveralCounters, questions.length]).toEqual([false, 2])
  })

  test('is forgotten, and follows what the server does now', async () => {
    const { ask } = asked()
    const recogniser = new Recogniser(shortMemory(), ask)
    await recogniser.dialect(SHOWN, signal)
    await recogniser.learnAnswer('applied')
    await recogniser.learnAnswer('queued')
    expect(await recogniser.dialect(SHOWN, signal)).toBe(DIALECTS.A1)
    await recogniser.forget()
    expect(await recogniser.dialect(SHOWN, signal)).toBe(DIALECTS.unknown)
  })

  test('is not asked for where the status says it already', async () => {
    const { questions, ask } = asked()
    const recogniser = new Recogniser(shortMemory(), ask)
    expect(await recogniser.dialect({ ...SHOWN, isOwn: true }, signal)).toBe(DIALECTS['ce-delta'])
    expect(await recogniser.dialect({ ...SHOWN, tellsUploads: true }, signal)).toBe(DIALECTS.A3)
    expect(questions).toEqual([])
  })

  test('a damaged memory, or one that cannot be written, costs a question and nothing else', async () => {
    const folder = join(await temporaryDirectory(), 'file')
    await writeFile(folder, 'not a folder')
    const { questions, ask } = asked()
    const recogniser = new Recogniser(fileMemory(join(folder, 'below'), 'http://127.0.0.1:1'), ask)
    expect(await recogniser.dialect(SHOWN, signal)).toBe(DIALECTS.unknown)
    const damaged = await temporaryDirectory()
    const memory = fileMemory(damaged, 'http://127.0.0.1:1')
    await memory.write({ fingerprint: 'one', family: 'first', answered: null, hasSeveralCounters: false })
    for (const name of await readdir(damaged)) await writeFile(join(damaged, name), '{')
    expect(await memory.read()).toBeNull()
    expect(questions).toEqual(['GET /openapi.json'])
  })
})
