import { expect, test } from '@jest/globals'
import { counts, expectMirror, leftOut, push } from '../helpers/command.js'
import { git, temporaryDirectory, writeTree } from '../helpers/workspace.js'

async function sha256Repository(): Promise<string> {
  const root = await temporaryDirectory()
  await git(root, 'init', '--quiet', '--object-format=sha256')
  await git(root, 'config', 'user.name', 'Ada Example')
  await git(root, 'config', 'user.email', 'ada@example.org')
  return root
}

async function commit(root: string): Promise<void> {
  await git(root, 'add', '--all', '--force')
  await git(root, 'commit', '--quiet', '--message=x')
}

test('a repository with SHA-256 is pushed like any other', async () => {
  const root = await sha256Repository()
  await writeTree(root, { a: 'a', 'd/b': 'b', empty: '' })
  await commit(root)
  await writeTree(root, { 'd/b': 'changed', untracked: 'u', '.gitignore': 'd/\n' })
  await expectMirror(await push(root), { a: 'a', 'd/b': 'changed', untracked: 'u', empty: '', '.gitignore': 'd/\n' })
})

test('a commit with SHA-256 is pushed, and the next one is a difference', async () => {
  const root = await sha256Repository()
  const strange = '\u00fcm "l\\\n'
  await writeTree(root, { a: 'a', 'd/b': 'b', empty: '', 'x.bin': Buffer.from([0]), [strange]: 's', '.env': 'S' })
  await commit(root)
  await git(root, 'update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(64)},sub`)
  await git(root, 'commit', '--quiet', '--message=submodule')
  const first = await expectMirror(await push(root, ['--commit', 'HEAD']), {
    a: 'a',
    'd/b': 'b',
    empty: '',
    [strange]: 's',
  })
  expect(leftOut(first)).toEqual(['binary: x.bin', 'secret by name: .env', 'submodule without files: sub'])
  expect(first.commit).toMatch(/^[0-9a-f]{64}$/)
  await writeTree(root, { a: 'changed' })
  await commit(root)
  const second = await expectMirror(await push(root, ['--commit', 'HEAD']), {
    a: 'changed',
    'd/b': 'b',
    empty: '',
    [strange]: 's',
  })
  expect(second.operations).toEqual(counts(0, 1))
  expect((await push(root, ['--commit', 'HEAD'])).report.outcome).toBe('unchanged')
  await expectMirror(await push(root, ['--commit', 'HEAD~1']), { a: 'a', 'd/b': 'b', empty: '', [strange]: 's' })
})
