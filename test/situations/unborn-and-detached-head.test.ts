import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { counts, expectMirror, filesOf, push } from '../helpers/command.js'
import { git, gitRepository, temporaryDirectory, writeTree } from '../helpers/workspace.js'

test('faults.md row 57: a repository without a commit is pushed as it is', async () => {
  const root = await gitRepository()
  await writeTree(root, { a: 'a', b: 'b' })
  await git(root, 'add', 'a')
  await expectMirror(await push(root), { a: 'a', b: 'b' })
  expect((await push(root, ['--commit', 'HEAD'])).exitCode).toBe(2)
  await git(root, 'commit', '--quiet', '--message=first')
  expect((await expectMirror(await push(root), { a: 'a', b: 'b' })).outcome).toBe('unchanged')
})

test('faults.md row 57: with a detached HEAD the files on disk count', async () => {
  const root = await gitRepository({ files: { a: '1', gone: 'g' } })
  await git(root, 'rm', '--quiet', 'gone')
  await writeTree(root, { a: '2', new: 'n' })
  await git(root, 'add', '--all')
  await git(root, 'commit', '--quiet', '--message=second')
  await expectMirror(await push(root), { a: '2', new: 'n' })
  await git(root, 'checkout', '--quiet', '--detach', 'HEAD~1')
  await expectMirror(await push(root), { a: '1', gone: 'g' })
  await git(root, 'checkout', '--quiet', 'main')
  await expectMirror(await push(root), { a: '2', new: 'n' })
})

test('faults.md row 57: a sparse checkout is pushed as it is on disk', async () => {
  const root = await gitRepository({ files: { 'in/a': 'a', 'out/b': 'b', '.gitignore': 'out/\n' } })
  await expectMirror(await push(root), await filesOf(root))
  await git(root, 'sparse-checkout', 'set', '--cone', '--sparse-index', 'in')
  const sparse = await expectMirror(await push(root), { 'in/a': 'a', '.gitignore': 'out/\n' })
  expect(sparse.operations).toEqual(counts(0, 0, 1))
  await git(root, 'sparse-checkout', 'disable')
  await expectMirror(await push(root), await filesOf(root))
})

test('faults.md row 52: what reset, stash, rebase --abort and clean did is in the next push', async () => {
  const root = await gitRepository({ files: { a: '1', '.gitignore': 'ignored\n' } })
  await writeTree(root, { a: '2', b: 'b', ignored: 'i' })
  await git(root, 'add', '--all')
  await git(root, 'commit', '--quiet', '--message=second')
  const check = async () => await expectMirror(await push(root), await filesOf(root, ['ignored']))
  await check()
  await writeTree(root, { a: 'work', untracked: 'u' })
  await check()
  await git(root, 'stash', '--include-untracked')
  await check()
  await git(root, 'stash', 'pop')
  await check()
  await git(root, 'reset', '--quiet', '--hard', 'HEAD~1')
  await check()
  await git(root, 'clean', '-fdq')
  await check()
  await git(root, 'checkout', '--quiet', '-b', 'other')
  await writeTree(root, { a: 'conflicting' })
  await git(root, 'commit', '--quiet', '--all', '--message=other')
  await git(root, 'checkout', '--quiet', 'main')
  await writeTree(root, { a: 'mine' })
  await git(root, 'commit', '--quiet', '--all', '--message=mine')
  await expect(git(root, 'rebase', 'other')).rejects.toThrow()
  await check()
  await git(root, 'rebase', '--abort')
  await check()
  await rm(join(root, '.git/index'))
  await check()
})

test('a subfolder as the current one pushes the whole work tree', async () => {
  const root = await gitRepository({ files: { a: 'a', 'sub/b': 'b' } })
  await expectMirror(await push(join(root, 'sub')), { a: 'a', 'sub/b': 'b' })
})

test('a workspace that moved is another workspace', async () => {
  const root = await gitRepository({ files: { a: 'a' } })
  await expectMirror(await push(root), { a: 'a' })
  const copy = join(await temporaryDirectory(), 'copy')
  await git('/', 'clone', '--quiet', root, copy)
  await rm(join(copy, 'a'))
  await expectMirror(await push(copy), {})
  await expectMirror(await push(root), { a: 'a' })
})
