import { execFile } from 'node:child_process'
import { lstat, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'
import { age } from '../helpers/aging.js'
import { ceDelta, expectMirror, filesOf, push, thisMachine } from '../helpers/command.js'
import { git, gitRepository, readTree, writeTree } from '../helpers/workspace.js'

/** Everything in the git folder but our own, with contents and times. (git renews the time of an object that is borrowed.) */
async function gitFolder(root: string): Promise<string[]> {
  const lines: string[] = []
  for (const [path, content] of await readTree(join(root, '.git'))) {
    if (path.startsWith('ce-delta/')) continue
    const { mtimeMs, mode } = await lstat(join(root, '.git', path))
    const time = path.startsWith('objects/') ? '' : mtimeMs
    lines.push(`${path} ${content.toString('base64')} ${time} ${mode}`)
  }
  return lines
}

test('invariant I15: no command of ours changes a byte of the user’s repository', async () => {
  const root = await gitRepository({ files: { a: 'a', 'd/b': 'b', '.gitignore': 'ignored\n' } })
  const { data } = await thisMachine()
  await writeTree(root, { a: 'staged', untracked: 'u', ignored: 'i' })
  await git(root, 'add', 'a')
  await writeTree(root, { a: 'in the work tree' })
  const [before, status] = [await gitFolder(root), await git(root, '--no-optional-locks', 'status', '--porcelain')]
  await expectMirror(await push(root), await filesOf(root, ['ignored']))
  await writeTree(root, { 'd/b': 'changed' })
  await writeTree(root, { 'd/b': 'b' })
  for (const args of [['push', '--dry-run'], ['push', '--full'], ['push', '--commit', 'HEAD'], ['status'], ['push']]) {
    expect((await ceDelta(root, [...args, '--data', data])).exitCode).toBe(0)
  }
  expect(await gitFolder(root)).toEqual(before)
  expect(await git(root, '--no-optional-locks', 'status', '--porcelain')).toBe(status)
  expect(await git(root, 'fsck', '--strict', '--no-dangling')).toBe('')
  expect(await git(root, 'for-each-ref', '--format=%(refname)')).toBe('refs/heads/main')
})

test('invariant I15: nor a file, a time or a mode in the work tree', async () => {
  const root = await gitRepository({ files: { a: 'a', 'd/b': 'b' } })
  const facts = async () =>
    (
      await promisify(execFile)('find', [
        root,
        '-path',
        `${root}/.git`,
        '-prune',
        '-o',
        '-printf',
        '%p %m %T@ %C@ %s\n',
      ])
    ).stdout
  const before = await facts()
  await push(root)
  await push(root, ['--full'])
  expect(await facts()).toBe(before)
})

/** git brings its index up to date while files are young, and what is remembered of it follows. The log is no state. */
const REFRESHED: ReadonlySet<string> = new Set(['index', 'scan', 'ce-delta.log'])

test('invariant I18: a push with nothing to do writes no state', async () => {
  const root = await gitRepository({ files: { a: 'a', '.gitignore': 'b\n', b: 'tracked though ignored' } })
  const state = async () =>
    [...(await readTree(join(root, '.git/ce-delta')))]
      .filter(([path]) => !REFRESHED.has(path))
      .map(([path, bytes]) => `${path} ${bytes.toString('base64')}`)
  await expectMirror(await push(root), await filesOf(root))
  const before = await state()
  for (let time = 1; time <= 2; time++) {
    expect(await push(root)).toMatchObject({ exitCode: 0, report: { outcome: 'unchanged', bundles: [], sequence: 1 } })
  }
  expect(await state()).toEqual(before)
})

test('invariant I18: once the files are not young any more, not even the index is written', async () => {
  const root = await gitRepository({ files: { a: 'a', '.gitignore': 'b\n', b: 'tracked though ignored' } })
  const times = async (): Promise<number[]> =>
    await Promise.all(['index', 'scan'].map(async (name) => (await stat(join(root, '.git/ce-delta', name))).ctimeMs))
  await age(root)
  // The second finds out which files are ignored, the third that this is still so.
  for (const _ of [1, 2, 3]) await push(root)
  const before = await times()
  await push(root)
  expect(await times()).toEqual(before)
})

test('while git of the user holds its own lock, a push works all the same', async () => {
  const root = await gitRepository({ files: { a: 'a' } })
  await writeTree(root, { '.git/index.lock': '', '.git/HEAD.lock': '' })
  await expectMirror(await push(root), { a: 'a' })
})

test('a dry run sends nothing, and tells every operation', async () => {
  const root = await gitRepository({ files: { a: 'a', b: 'b', c: 'c' } })
  expect((await push(root, ['--dry-run'])).report.plan?.length).toBe(3)
  await expectMirror(await push(root), { a: 'a', b: 'b', c: 'c' })
  await git(root, 'mv', 'a', 'z')
  await git(root, 'rm', '--quiet', 'b')
  await writeTree(root, { c: 'changed', '.env': 'SECRET' })
  const { report } = await push(root, ['--dry-run'])
  expect(report).toMatchObject({
    outcome: 'dry-run',
    sequence: 1,
    skipped: [{ path: '.env', reason: 'secret by name' }],
  })
  expect(report.plan).toEqual([
    { operation: 'deleted', path: 'b' },
    { operation: 'moved', path: 'z', source_path: 'a' },
    { operation: 'updated', path: 'c' },
  ])
  await expectMirror(await push(root), { z: 'a', c: 'changed' })
})
