import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { ceDelta, thisMachine } from '../helpers/command.js'
import {
  command,
  commit,
  expectEqual,
  hookedRepository,
  logOf,
  runsOf,
  settled,
  stateOf,
  userEnvironment,
  userGit,
} from '../helpers/hooked.js'
import { git, writeTree } from '../helpers/workspace.js'

describe('faults.md row 54: where there is no environment to speak of', () => {
  test('a graphical client: env -i PATH=/usr/bin:/bin', async () => {
    const root = await hookedRepository()
    const { home, data } = await thisMachine()
    await writeTree(root, { 'b.txt': 'two\n' })
    await git(root, 'add', '--all')
    const variables = ['PATH=/usr/bin:/bin', `HOME=${home}`, `CE_DELTA_DATA_DIR=${data}`]
    const result = await command(root, 'env', ['-i', ...variables, 'git', 'commit', '-qm', 'x'], process.env)
    expect(result).toEqual({ exitCode: 0, stdout: '', stderr: '' })
    await settled(root)
    await expectEqual(root)
  })

  test('node and ce-delta are gone: the commit is made, and the next one tells', async () => {
    const root = await hookedRepository()
    const shim = join(root, '.git/ce-delta-hook.sh')
    const text = await readFile(shim, 'utf8')
    await writeFile(shim, text.replaceAll(/^ {2}script='.*'$/gm, "  script='/gone'"))
    expect(await commit(root, { b: '1' }, { PATH: '/usr/bin:/bin' })).toEqual({ exitCode: 0, stdout: '', stderr: '' })
    await eventually(async () => (await logOf(root)).includes('was not found'))
    const told = await commit(root, { c: '1' }, { PATH: '/usr/bin:/bin' })
    expect(told).toMatchObject({ exitCode: 0, stderr: expect.stringMatching(/^ce-delta: .*hook install again\n$/) })
  })

  test('a node that was moved is searched for', async () => {
    const root = await hookedRepository()
    const shim = join(root, '.git/ce-delta-hook.sh')
    const text = await readFile(shim, 'utf8')
    await writeFile(shim, text.replace(/^ {2}node='.*'$/m, "  node='/gone'"))
    await commit(root, { b: '1' }, { PATH: `${join(process.execPath, '..')}:/usr/bin:/bin` })
    await settled(root)
    await expectEqual(root)
  })

  test('umask 0: what is kept is for its owner only', async () => {
    const root = await hookedRepository()
    await command(root, 'sh', ['-c', 'umask 0; echo 2 > b; git add b; git commit -qm x'], await userEnvironment())
    await settled(root)
    expect((await stat(await stateOf(root))).mode & 0o077).toBe(0)
    expect((await stat(join(await stateOf(root), 'hook'))).mode & 0o077).toBe(0)
  })
})

describe('faults.md row 49: what git exports into hooks', () => {
  test.each([
    ['GIT_DIR and GIT_WORK_TREE', ['--git-dir=.git', '--work-tree=.']],
    ['GIT_CONFIG_PARAMETERS', ['-c', 'core.quotePath=true']],
    ['a literal pathspec', ['--literal-pathspecs']],
  ])('%s', async (_, options) => {
    const root = await hookedRepository()
    await writeTree(root, { 'b.txt': 'two\n' })
    await git(root, 'add', '--all')
    await userGit(root, [...options, 'commit', '--quiet', '--message=x'])
    await settled(root)
    await expectEqual(root)
  })
})

describe('faults.md row 53: a receiver that does not answer', () => {
  test('git commit | cat waits for nothing, and the failure is told once', async () => {
    const root = await hookedRepository()
    const silent = createServer(() => undefined)
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const address = silent.address()
    const port = typeof address === 'object' ? address?.port : 0
    const dead = {
      REMOTE_UPLOAD_ENDPOINT: `http://127.0.0.1:${port}`,
      REMOTE_UPLOAD_TIMEOUT: '2',
      REMOTE_UPLOAD_MAX_RETRIES: '0',
    }
    const piped = async (env: NodeJS.ProcessEnv): Promise<number> => {
      const started = performance.now()
      const line = 'echo x >> b; git add b; git commit -qm x 2>&1 | cat'
      expect(await command(root, 'sh', ['-c', line], await userEnvironment(env))).toMatchObject({ stdout: '' })
      return performance.now() - started
    }
    const without = await piped({ CE_DELTA: '0' })
    const withDead = await piped(dead)
    // The receiver is waited for two seconds; the commit is not.
    expect(await runsOf(root)).toEqual([])
    expect(withDead).toBeLessThan(without + 1900)
    expect(await settled(root)).toEqual(['queued'])
    const status = await ceDelta(root, ['status', '--json', '--local'])
    expect(status.events[0]).toMatchObject({ background_failure: { code: 'receiver-unreachable' } })
    const first = await commit(root, { c: '1' }, dead)
    expect(first).toMatchObject({
      exitCode: 0,
      stdout: '',
      stderr: expect.stringMatching(/^ce-delta: the last push .*\n$/),
    })
    await settled(root, 2)
    expect(await commit(root, { d: '1' }, dead)).toMatchObject({ stderr: '' })
    await settled(root, 3)
    silent.close()
    await commit(root, { e: '1' })
    await settled(root, 4)
    await expectEqual(root)
    const { events } = await ceDelta(root, ['status', '--json', '--local'])
    expect(events[0]).toMatchObject({ background_failure: null })
  })
})

describe('faults.md row 55: whatever breaks, git does not notice', () => {
  test.each([
    ['the shim is gone', async (root: string) => await rm(join(root, '.git/ce-delta-hook.sh'))],
    ['the state is a file', async (root: string) => await writeFile(join(root, '.git/ce-delta'), '')],
    ['the configuration is wrong', async (root: string) => await writeFile(join(root, 'ce-delta.config.json'), '{')],
    [
      'the script is gone',
      async (root: string) => await rename(join(root, '.git/ce-delta-hook.sh'), join(root, 'x.sh')),
    ],
  ])('%s', async (_, breakIt) => {
    const root = await hookedRepository()
    await breakIt(root)
    expect(await commit(root, { b: '1' })).toEqual({ exitCode: 0, stdout: '', stderr: '' })
    expect(await userGit(root, ['checkout', '--quiet', '-b', 'side'])).toEqual({ exitCode: 0, stdout: '', stderr: '' })
  })
})

describe('one run at a time', () => {
  test('twenty commits in a row are a few pushes, and the last one is in', async () => {
    const root = await hookedRepository()
    for (let number = 0; number < 20; number++) await commit(root, { [`file-${number}`]: `${number}` })
    const runs = await settled(root)
    expect(runs.length).toBeLessThan(20)
    await expectEqual(root)
  })

  test('a run that was killed holds up nobody', async () => {
    const root = await hookedRepository()
    const place = join(root, '.git/ce-delta/hook')
    await commit(root, { a: '2' })
    await settled(root)
    await writeFile(join(place, 'runner'), '999999\n')
    await writeFile(join(place, 'dirty'), '')
    await commit(root, { b: '2' })
    await settled(root, 2)
    await expectEqual(root)
  })

  test('the number of a dead run that another process has now holds up nobody', async () => {
    const root = await hookedRepository()
    await commit(root, { a: '2' })
    await settled(root)
    await writeFile(join(root, '.git/ce-delta/hook/runner'), `${process.pid}\n`)
    await commit(root, { b: '2' })
    await settled(root, 2)
    await expectEqual(root)
  })
})

test('hook stats tells what git waits for, and what the pushes took', async () => {
  const root = await hookedRepository()
  await commit(root, { b: '2' })
  await settled(root)
  const { events } = await ceDelta(root, ['hook', 'stats', '--json'])
  expect(events[0]).toMatchObject({
    foreground: { count: 20, p50_ms: expect.any(Number), p95_ms: expect.any(Number) },
    background: { count: 1, p50_ms: expect.any(Number) },
    slowest: { hook: 'post-commit', outcome: 'confirmed' },
  })
})

async function eventually(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error('It did not become so.')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
