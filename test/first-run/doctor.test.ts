import { chmod, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { checkNode, isAtLeast } from '../../src/cli/doctor/machine.js'
import { STATUS_PATH } from '../../src/receiver/wire.js'
import { ceDelta, push, thisMachine } from '../helpers/command.js'
import { installHooks } from '../helpers/hooked.js'
import { scriptedServer } from '../helpers/scripted-server.js'
import { git, gitRepository, temporaryDirectory, writeTree } from '../helpers/workspace.js'

interface Told {
  readonly exitCode: number | null
  readonly levels: Readonly<Record<string, string>>
}

/** How each thing is; of several with the same name the last. */
async function doctor(root: string, ...args: string[]): Promise<Told> {
  const { data } = await thisMachine()
  const env = { CE_DELTA_DATA_DIR: data, REMOTE_UPLOAD_MAX_RETRIES: '0' }
  const { exitCode, events } = await ceDelta(root, ['doctor', '--json', ...args], { env })
  const checks = events[0]?.checks
  const pairs = Array.isArray(checks) ? checks.map((check) => [check.name, check.level]) : []
  expect(Array.isArray(checks) && checks.every((check) => check.level === 'pass' || check.fix !== null)).toBe(true)
  return { exitCode, levels: Object.fromEntries(pairs) }
}

describe('ce-delta doctor', () => {
  test('everything is well', async () => {
    const root = await gitRepository({ files: { a: '1' } })
    await installHooks(root)
    await push(root)
    const { exitCode, levels } = await doctor(root)
    expect(exitCode).toBe(0)
    const { inotify, disk, ...others } = levels
    expect(others).toEqual({
      node: 'pass',
      git: 'pass',
      repository: 'pass',
      hooks: 'pass',
      shadow: 'pass',
      configuration: 'pass',
      endpoint: 'pass',
      credential: 'pass',
      clock: 'pass',
      equality: 'pass',
    })
    expect([inotify, disk]).not.toContain(undefined)
  })

  test('a work tree that was not pushed, without hooks: warnings, exit code 0', async () => {
    const root = await gitRepository({ files: { a: '1' } })
    expect(await doctor(root)).toMatchObject({ exitCode: 0, levels: { hooks: 'warn', equality: 'warn' } })
  })

  test('faults.md row 56: every worktree is looked at', async () => {
    const root = await gitRepository({ files: { a: '1' } })
    await git(root, 'config', 'core.hooksPath', '.husky/_')
    await git(root, 'worktree', 'add', '--quiet', join(await temporaryDirectory(), 'linked'))
    const { events } = await ceDelta(root, ['doctor', '--json'])
    const checks = events[0]?.checks
    expect(Array.isArray(checks) && checks.filter(({ name }) => name === 'hooks')).toHaveLength(2)
  })

  test('a receiver that cannot be reached', async () => {
    const root = await gitRepository({ files: { a: '1' } })
    const told = await doctor(root, '--endpoint', 'http://127.0.0.1:9')
    expect(told).toMatchObject({ exitCode: 4, levels: { endpoint: 'fail', equality: 'warn' } })
  })

  test('faults.md row 26: a clock that is not the receiver’s', async () => {
    const root = await gitRepository({ files: { a: '1' } })
    const skewed = async (milliseconds: number | null) => {
      const date = milliseconds === null ? 'no date' : new Date(Date.now() + milliseconds).toUTCString()
      const body = JSON.stringify({ last_sequence: 0, server_info: {} })
      const { url } = await scriptedServer(({ url: path }) => ({
        status: path.startsWith(STATUS_PATH) ? 200 : 404,
        headers: { date },
        body,
      }))
      return (await doctor(root, '--endpoint', url)).levels.clock
    }
    expect([await skewed(0), await skewed(60_000), await skewed(null)]).toEqual(['pass', 'pass', 'pass'])
    expect([await skewed(-3_600_000), await skewed(3_600_000)]).toEqual(['warn', 'warn'])
  })

  test('a configuration that cannot be read: the rest is still looked at', async () => {
    const root = await gitRepository({ files: { a: '1', 'ce-delta.config.json': '{' } })
    expect(await doctor(root)).toMatchObject({ exitCode: 2, levels: { configuration: 'fail', shadow: 'pass' } })
  })

  test('a folder that is not there is no reason to miss git', async () => {
    const root = await gitRepository({ files: { a: '1' } })
    const { exitCode, levels } = await doctor(root, '-C', join(root, 'nowhere'))
    expect({ exitCode, levels }).toEqual({ exitCode: 2, levels: { node: 'pass', git: 'pass', repository: 'fail' } })
  })

  test('a shadow repository that others can read, or whose record is damaged', async () => {
    const root = await gitRepository({ files: { a: '1' } })
    await push(root)
    await chmod(join(root, '.git/ce-delta'), 0o755)
    expect((await doctor(root)).levels.shadow).toBe('warn')
    const reference = await git(root, '--git-dir=.git/ce-delta', 'for-each-ref', '--format=%(refname) %(objectname)')
    const [name = '', commit = ''] =
      reference
        .split('\n')
        .find((line) => line.includes('confirmed'))
        ?.split(' ') ?? []
    await rm(join(root, '.git/ce-delta/objects', commit.slice(0, 2), commit.slice(2)))
    expect(name).toContain('confirmed')
    expect((await doctor(root)).levels.shadow).toBe('fail')
  })

  test('a script that was moved since the hook was installed', async () => {
    const root = await gitRepository({ files: { a: '1' } })
    await installHooks(root)
    await writeFile(join(root, '.git/ce-delta-hook.sh'), "  node='/gone'\n")
    expect((await doctor(root)).levels.hooks).toBe('warn')
  })

  test('a folder without git', async () => {
    const folder = await temporaryDirectory()
    await writeTree(folder, { a: '1' })
    expect(await doctor(folder)).toMatchObject({ exitCode: 0, levels: { repository: 'pass', hooks: 'pass' } })
  })
})

describe('versions', () => {
  test.each([
    ['20.17.0', '20.17', true],
    ['20.16.9', '20.17', false],
    ['22.0.0', '20.17', true],
    ['2.9.5', '2.30', false],
    ['2.30', '2.30', true],
    ['3', '2.30', true],
  ])('%s is at least %s: %s', (version, oldest, is) => {
    expect(isAtLeast(version, oldest)).toBe(is)
  })

  test('an old Node fails with what to do', () => {
    expect(checkNode('18.0.0')).toMatchObject({ level: 'fail', fix: expect.stringContaining('20.17') })
  })
})
