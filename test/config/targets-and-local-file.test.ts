import { beforeEach, describe, expect, test } from '@jest/globals'
import { loadConfig } from '../../src/config/load.js'
import type { ConfigFlags } from '../../src/config/sources.js'
import { temporaryDirectory, writeTree } from '../helpers/workspace.js'

let root: string
beforeEach(async () => {
  root = await temporaryDirectory()
})

interface Places {
  readonly file?: object
  readonly local?: object
  readonly environment?: NodeJS.ProcessEnv
  readonly flags?: ConfigFlags
}

async function load({ file, local, environment = {}, flags = {} }: Places) {
  if (file !== undefined) await writeTree(root, { 'ce-delta.config.json': JSON.stringify(file) })
  if (local !== undefined) await writeTree(root, { 'ce-delta.local.json': JSON.stringify(local) })
  return await loadConfig({ root, hasFiles: true, environment: { HOME: root, ...environment }, flags })
}

const production = 'https://production.example'
const staging = 'https://staging.example'
const targets = { production: { endpoint: production, timeout: 90 }, staging: { endpoint: staging } }

describe('where an upload goes', () => {
  test.each<[string, Places, string | null]>([
    ['targets alone change nothing', { file: { targets } }, null],
    ['the file names a target', { file: { targets, target: 'production' } }, production],
    ['--target names another', { file: { targets, target: 'production' }, flags: { target: 'staging' } }, staging],
    ['CE_DELTA_TARGET names another', { file: { targets }, environment: { CE_DELTA_TARGET: 'staging' } }, staging],
    [
      'a target goes before the settings around it',
      { file: { targets, target: 'staging', endpoint: 'http://x' } },
      staging,
    ],
    [
      'an endpoint in the environment goes before the target of the file',
      { file: { targets, target: 'production' }, environment: { CE_DELTA_ENDPOINT: 'http://here' } },
      'http://here',
    ],
    [
      '--target goes before the environment',
      { file: { targets }, environment: { CE_DELTA_ENDPOINT: 'http://here' }, flags: { target: 'staging' } },
      staging,
    ],
    [
      '--target uploads although uploads are switched off',
      { file: { targets, enabled: false }, flags: { target: 'staging' } },
      staging,
    ],
    [
      '--local stays here, whatever the target',
      { file: { targets }, flags: { target: 'staging', enabled: false } },
      null,
    ],
    [
      'the local file names another target',
      { file: { targets, target: 'production' }, local: { target: 'staging' } },
      staging,
    ],
    [
      'the local file goes before the target of the file',
      { file: { targets, target: 'production' }, local: { endpoint: 'http://mine' } },
      'http://mine',
    ],
    [
      'the local file changes a target',
      { file: { targets }, local: { targets: { staging: { endpoint: 'http://mine' } } }, flags: { target: 'staging' } },
      'http://mine',
    ],
  ])('%s', async (_, places, endpoint) => {
    expect((await load(places)).endpoint).toBe(endpoint)
  })
})

test('what a target does not set is set around it; secrets are laid over each other name by name', async () => {
  const file = { targets, target: 'production', maxRetries: 7, secrets: { names: ['*.a'], scan: 'warn' } }
  const config = await load({ file, local: { secrets: { scan: 'block' } } })
  expect(config).toMatchObject({ target: 'production', timeoutSeconds: 90, maxRetries: 7, secretScan: 'block' })
  expect(config.secretNames).toContain('*.a')
})

test('a local file alone is a configuration', async () => {
  expect(await load({ local: { maxRetries: 1 } })).toMatchObject({ maxRetries: 1 })
})

test('both files may stand in .config/', async () => {
  await writeTree(root, {
    '.config/ce-delta.config.yaml': 'maxRetries: 8',
    '.config/ce-delta.local.json': '{"timeout":3}',
  })
  expect(await load({})).toMatchObject({ maxRetries: 8, timeoutSeconds: 3 })
})

describe('a target that is not known', () => {
  test.each<[string, Places, string]>([
    ['is told with a suggestion', { file: { targets, target: 'stagin' } }, 'did you mean staging'],
    [
      'is told with what may be written',
      { file: { targets }, flags: { target: 'x' } },
      'it may be production, staging',
    ],
    ['is told where there are none', { flags: { target: 'x' } }, 'no targets are configured'],
  ])('%s', async (_, places, words) => {
    await expect(load(places)).rejects.toMatchObject({
      code: 'configuration-invalid',
      message: expect.stringContaining(words),
    })
  })
})

test('every problem of both files is told at once, with its place and a suggestion', async () => {
  const file = {
    targets: { production: { endpont: 'x', timeout: 0, enabld: true } },
    exclude: ['a', 7],
    fallbck: 1,
    typo: 2,
  }
  const failure = await load({ file, local: { maxRetries: -1 } }).catch((thrown: unknown) => thrown)
  expect(failure).toMatchObject({ code: 'configuration-invalid', facts: { problems: 7 } })
  for (const words of [
    'targets.production.endpont is not a known setting (did you mean targets.production.endpoint?)',
    'targets.production.enabld is not a known setting (did you mean targets.production.enabled?)',
    'targets.production.timeout must be at least 0.1 seconds (it is 0)',
    'exclude[1] must be text (it is 7)',
    'fallbck is not a known setting (did you mean fallback?)',
    'typo is not a known setting',
    'ce-delta.local.json: maxRetries must be at least 0 (it is -1)',
  ])
    expect(String(failure)).toContain(words)
})

describe('row 100: a token never goes where only a file of the repository points', () => {
  const environment = { CE_DELTA_TOKEN: 'canary-100', CE_DELTA_ENDPOINT: production }
  test.each<[string, Places]>([
    ['a target of the file', { file: { targets: { ours: { endpoint: 'http://evil.example' } }, target: 'ours' } }],
    ['the local file', { local: { endpoint: 'http://evil.example' } }],
  ])('%s', async (_, places) => {
    const withTokenOnly = { ...places, environment: { CE_DELTA_TOKEN: 'canary-100' } }
    await expect(load(withTokenOnly)).rejects.toMatchObject({ code: 'not-authorised' })
    expect(await load({ ...places, environment })).toMatchObject({
      endpoint: production,
      credentials: { token: { text: 'canary-100' } },
    })
  })

  test('a target that the command line names', async () => {
    const file = { targets: { ours: { endpoint: 'http://evil.example' } } }
    const refused = load({ file, environment, flags: { target: 'ours' } })
    await expect(refused).rejects.toMatchObject({ code: 'not-authorised' })
  })
})

describe('workspaces', () => {
  test.each<[string, object, string]>([
    [
      'one outside',
      { root: '../other' },
      'workspaces[0].root must be a folder below the root, like packages/a (it is "../other")',
    ],
    ['one by its whole path', { root: '/etc' }, 'workspaces[0].root must be a folder below the root'],
    ['one without a root', { timeout: 3 }, 'workspaces[0].root'],
    ['a misspelt setting', { root: 'a', timeot: 3 }, '(did you mean workspaces[0].timeout?)'],
  ])('%s', async (_, workspace, words) => {
    await expect(load({ file: { workspaces: [workspace] } })).rejects.toMatchObject({
      code: 'configuration-invalid',
      message: expect.stringContaining(words),
    })
  })

  test('none, or the same one twice', async () => {
    await expect(load({ file: { workspaces: [] } })).rejects.toThrow('at least one folder')
    await expect(load({ file: { workspaces: [{ root: 'a' }, { root: './a/' }] } })).rejects.toThrow('a folder twice')
  })

  test('what is said of one goes before what is said around it, and a target before both', async () => {
    const file = {
      timeout: 1,
      maxRetries: 1,
      fallback: 'local',
      workspacePath: '/work/app',
      collectionName: 'app',
      workspaces: [{ root: './packages/a', timeout: 2, maxRetries: 2 }],
      targets: { there: { timeout: 3 } },
    }
    await writeTree(root, {
      'ce-delta.config.json': JSON.stringify(file),
      'ce-delta.local.json': JSON.stringify({ workspaces: [{ root: 'packages/a', binaries: true }] }),
    })
    const options = { root, folder: 'packages/a', hasFiles: true, environment: { HOME: root } }
    expect(await loadConfig({ ...options, flags: { target: 'there' } })).toMatchObject({
      timeoutSeconds: 3,
      maxRetries: 2,
      fallback: 'local',
      binaries: true,
      workspacePath: '/work/app/packages/a',
      collectionName: 'app-packages-a',
    })
  })
})
