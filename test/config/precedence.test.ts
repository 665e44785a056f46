import { beforeEach, describe, expect, test } from '@jest/globals'
import { loadConfig } from '../../src/config/load.js'
import type { ConfigFlags } from '../../src/config/sources.js'
import { temporaryDirectory, writeTree } from '../helpers/workspace.js'

let root: string
beforeEach(async () => {
  root = await temporaryDirectory()
})

async function load(options: { file?: object; environment?: NodeJS.ProcessEnv; flags?: ConfigFlags } = {}) {
  if (options.file !== undefined) await writeTree(root, { 'ce-delta.config.json': JSON.stringify(options.file) })
  const environment = { HOME: root, ...options.environment }
  return await loadConfig({ root, hasFiles: true, environment, flags: options.flags ?? {} })
}

describe('where an upload goes', () => {
  const there = 'https://there.example'
  const table: [string, Parameters<typeof load>[0], string | null][] = [
    ['nothing is configured: local', {}, null],
    ['an endpoint in the file', { file: { endpoint: `${there}/` } }, there],
    ['an endpoint in the environment', { environment: { REMOTE_UPLOAD_ENDPOINT: there } }, there],
    ['switched on without an endpoint', { environment: { REMOTE_UPLOAD_ENABLED: '1' } }, 'http://localhost:8080'],
    [
      'switched off with an endpoint',
      { environment: { REMOTE_UPLOAD_ENABLED: '0', REMOTE_UPLOAD_ENDPOINT: there } },
      null,
    ],
    ['an empty variable is not set', { environment: { REMOTE_UPLOAD_ENABLED: '', REMOTE_UPLOAD_ENDPOINT: ' ' } }, null],
    [
      'our own name wins over the specified one',
      { environment: { CE_DELTA_ENDPOINT: there, REMOTE_UPLOAD_ENDPOINT: 'http://other.example' } },
      there,
    ],
    [
      'the environment wins over the file',
      { file: { endpoint: 'http://file.example' }, environment: { REMOTE_UPLOAD_ENDPOINT: there } },
      there,
    ],
    [
      'a flag wins over everything',
      { environment: { REMOTE_UPLOAD_ENABLED: '0' }, flags: { endpoint: there, enabled: true } },
      there,
    ],
  ]
  test.each(table)('%s', async (_, options, endpoint) => {
    expect((await load(options)).endpoint).toBe(endpoint)
  })
})

describe('the specified variables', () => {
  test('have the specified defaults', async () => {
    expect(await load()).toMatchObject({
      maxRetries: 3,
      timeoutSeconds: 30,
      maxFileBytes: 5 * 1024 * 1024,
      fallback: 'none',
    })
  })

  test('are read', async () => {
    const environment = { REMOTE_UPLOAD_MAX_RETRIES: '5', REMOTE_UPLOAD_TIMEOUT: '60' }
    expect(await load({ environment })).toMatchObject({ maxRetries: 5, timeoutSeconds: 60 })
  })

  test('are all checked before anything is said', async () => {
    const environment = {
      REMOTE_UPLOAD_MAX_RETRIES: '-1',
      REMOTE_UPLOAD_TIMEOUT: 'soon',
      REMOTE_UPLOAD_ENDPOINT: 'ftp://x',
    }
    await expect(load({ environment })).rejects.toMatchObject({ code: 'configuration-invalid', facts: { problems: 3 } })
  })
})

describe('the file', () => {
  test.each([
    ['500 kB', 500_000],
    ['2MiB', 2 * 1024 * 1024],
    ['0.5 GB', 500_000_000],
    [1234, 1234],
  ])('maxFileSize %j is %j bytes', async (maxFileSize, bytes) => {
    expect((await load({ file: { maxFileSize } })).maxFileBytes).toBe(bytes)
  })

  test('names every problem at once, with the setting and its value', async () => {
    const file = {
      endpoint: 'http://user:secret@x',
      maxRetries: 'many',
      typo: 1,
      secrets: { names: 'x' },
      maxFileSize: '5 apples',
    }
    const failure = await load({ file }).catch((thrown: unknown) => thrown)
    expect(failure).toMatchObject({ code: 'configuration-invalid', facts: { problems: 5 } })
    for (const word of ['endpoint', 'maxRetries', 'typo', 'secrets.names', 'maxFileSize', '5 apples']) {
      expect(String(failure)).toContain(word)
    }
    expect(String(failure)).not.toContain('secret@')
  })

  test('that is not JSON is an error of the configuration', async () => {
    await writeTree(root, { 'ce-delta.config.json': '{' })
    await expect(load()).rejects.toMatchObject({ code: 'configuration-invalid' })
  })

  test('may be a key of package.json, or YAML', async () => {
    await writeTree(root, { 'package.json': JSON.stringify({ name: 'x', 'ce-delta': { maxRetries: 7 } }) })
    expect((await load()).maxRetries).toBe(7)
    await writeTree(root, { 'ce-delta.config.yaml': 'maxRetries: 8\n' })
    expect((await load()).maxRetries).toBe(8)
  })

  test('a package.json without the key is no configuration', async () => {
    await writeTree(root, { 'package.json': JSON.stringify({ name: 'x' }) })
    expect((await load()).file).toBeNull()
  })
})
