import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { ceDelta } from '../helpers/command.js'
import { gitRepository, writeTree } from '../helpers/workspace.js'

async function configured(settings: object): Promise<string> {
  const root = await gitRepository()
  await writeTree(root, { 'ce-delta.config.json': JSON.stringify(settings) })
  return root
}

test('config print --origins names the place of every value, and shows no credential', async () => {
  const root = await configured({ exclude: ['a'], maxRetries: 5, secrets: { scan: 'warn' } })
  const env = { REMOTE_UPLOAD_TIMEOUT: '7', CE_DELTA_MAX_RETRIES: '1', CE_DELTA_TOKEN: 'canary-31' }
  const flags = ['--endpoint', 'http://127.0.0.1:9']
  const { exitCode, stdout } = await ceDelta(root, ['config', 'print', '--origins', ...flags], { env })
  const file = join(root, 'ce-delta.config.json')
  expect(exitCode).toBe(0)
  const lines = stdout.split('\n').map((line) => line.replace(/ +/g, ' '))
  expect(lines).toEqual(
    expect.arrayContaining([
      'endpoint "http://127.0.0.1:9" (command line)',
      'maxRetries 1 (CE_DELTA_MAX_RETRIES)',
      'timeout 7 (REMOTE_UPLOAD_TIMEOUT)',
      `exclude ["a"] (${file})`,
      'maxFileSize 5242880 (default)',
      `secrets.scan "warn" (${file})`,
      'token set, not shown (CE_DELTA_TOKEN)',
      'session none',
    ]),
  )
  expect(stdout).not.toContain('canary-31')
})

test('config print --json is one event', async () => {
  const root = await configured({ binaries: true })
  const { events } = await ceDelta(root, ['config', 'print', '--json'])
  expect(events).toHaveLength(1)
  expect(events[0]).toMatchObject({ event: 'configuration', has_token: false })
  expect(events[0]?.settings).toContainEqual({
    name: 'binaries',
    value: true,
    origin: join(root, 'ce-delta.config.json'),
  })
})

test('config validate tells the problems of every place at once, with a suggestion for what is misspelt', async () => {
  const root = await configured({ exclud: ['a'], secrets: { scn: 'warn' }, maxRetries: -3 })
  const { exitCode, stderr } = await ceDelta(root, ['config', 'validate'], { env: { REMOTE_UPLOAD_TIMEOUT: 'soon' } })
  expect(exitCode).toBe(2)
  expect(stderr).toContain('REMOTE_UPLOAD_TIMEOUT must be a number of seconds from 0.1 to 86400 (it is "soon")')
  expect(stderr).toContain('exclud is not a known setting (did you mean exclude?)')
  expect(stderr).toContain('secrets.scn is not a known setting (did you mean secrets.scan?)')
  expect(stderr).toContain('maxRetries must be at least 0 (it is -3)')
})

test('config validate says which file it checked, or that there is none', async () => {
  const root = await configured({})
  expect((await ceDelta(root, ['config', 'validate'])).exitCode).toBe(0)
  const { exitCode, stderr } = await ceDelta(await gitRepository(), ['config', 'validate'])
  expect([exitCode, stderr]).toEqual([0, expect.stringContaining('no configuration file: the defaults hold')])
})
