import { rm } from 'node:fs/promises'
import { expect, test } from '@jest/globals'
import { emulator } from '../emulators/server.js'
import { ceDelta, expectMirror, filesOf } from '../helpers/command.js'
import { testServer } from '../helpers/servers.js'
import { git, gitRepository, writeTree } from '../helpers/workspace.js'

test.each(['CE_DELTA_GIT_MAX_COMMITS', 'REMOTE_UPLOAD_GIT_MAX_COMMITS'])(
  'is off by default, and on with %s; an idle push tells nothing',
  async (variable) => {
    const root = await gitRepository({ files: { a: 'a\n', '.env': 'PASSWORD=canary\n' } })
    const server = await emulator('S2')
    const push = (env: NodeJS.ProcessEnv = {}) =>
      ceDelta(root, ['push', '--json'], { env: { CE_DELTA_ENDPOINT: server.url, ...env } })
    expect((await push()).exitCode).toBe(0)
    expect(server.histories).toEqual([])
    for (let round = 1; round <= 2; round++) expect((await push({ [variable]: '5' })).exitCode).toBe(0)
    expect(server.histories).toHaveLength(1)
    const head = await git(root, 'rev-parse', 'HEAD')
    expect(JSON.parse(server.histories[0] ?? '')).toMatchObject({ head, max_commits: 5, commits: [{ files: ['a'] }] })
    expect(server.histories.join()).not.toContain('canary')
    expect((await push({ [variable]: 'many' })).exitCode).toBe(2)
  },
)

test('ce-delta serve reads past it, and a commit alone is no reason for a bundle there', async () => {
  const root = await gitRepository({ files: { a: 'a\n' } })
  await writeTree(root, { 'ce-delta.config.json': '{"gitHistory":5}' })
  const server = await testServer()
  const push = (args: readonly string[] = []) =>
    ceDelta(root, ['push', '--json', ...args], { env: { CE_DELTA_ENDPOINT: server.url } })
  expect((await expectMirror(await push(), await filesOf(root))).outcome).toBe('confirmed')
  await git(root, 'commit', '--quiet', '--allow-empty', '--message=empty')
  expect((await push()).report.outcome).toBe('unchanged')
  await expectMirror(await push(['--full']), await filesOf(root))
})

test('objects of the history are gone: it is left out, and the files arrive', async () => {
  const root = await gitRepository({ files: { a: 'old\n' } })
  const old = await git(root, 'rev-parse', 'HEAD:a')
  await writeTree(root, { a: 'new\n' })
  await git(root, 'commit', '--quiet', '--all', '--message=second')
  await rm(`${root}/.git/objects/${old.slice(0, 2)}/${old.slice(2)}`)
  const server = await emulator('S2')
  const env = { CE_DELTA_ENDPOINT: server.url, CE_DELTA_GIT_MAX_COMMITS: '5' }
  const { exitCode, events } = await ceDelta(root, ['push', '--json'], { env })
  expect(exitCode).toBe(0)
  expect(JSON.stringify(events)).toContain('The history of commits is left out')
  expect((await server.files(root)).get('a')?.toString()).toBe('new\n')
})
