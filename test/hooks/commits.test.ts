import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { commit, expectEqual, hookedRepository, runsOf, settled, userGit } from '../helpers/hooked.js'
import { git, gitRepository, writeTree } from '../helpers/workspace.js'

const DATES = { GIT_AUTHOR_DATE: '2025-01-01T00:00:00Z', GIT_COMMITTER_DATE: '2025-01-01T00:00:00Z' }

describe('a commit', () => {
  test.each([
    ['commit', []],
    ['commit -a', ['-a']],
    ['commit -- path', ['--', 'a.txt']],
  ])('%s is at the receiver a moment later, and nothing was printed', async (_, form) => {
    const root = await hookedRepository({ 'a.txt': 'one\n', 'b.txt': 'one\n' })
    await writeTree(root, { 'a.txt': 'two\n' })
    if (form.length === 0) await git(root, 'add', 'a.txt')
    const result = await userGit(root, ['commit', '--quiet', '--message=second', ...form])
    expect(result).toEqual({ exitCode: 0, stdout: '', stderr: '' })
    expect(await settled(root)).toEqual(['confirmed'])
    expect(await expectEqual(root)).toBe(1)
  })

  test('from a folder below the root', async () => {
    const root = await hookedRepository({ 'deep/er/a.txt': 'one\n' })
    await writeTree(root, { 'deep/er/a.txt': 'two\n' })
    await userGit(join(root, 'deep/er'), ['commit', '--quiet', '--all', '--message=second'])
    await settled(root)
    await expectEqual(root)
  })

  test('CE_DELTA=0 git commit pushes nothing', async () => {
    const root = await hookedRepository()
    await commit(root, { 'b.txt': 'two\n' }, { CE_DELTA: '0' })
    expect(await runsOf(root)).toEqual([])
  })
})

describe('faults.md rows 49, 55: git does not notice the hooks', () => {
  test('index, references and exit codes are the same with and without them', async () => {
    const [plain, hooked] = [await gitRepository({ files: FILES }), await hookedRepository(FILES)]
    for (const args of STEPS) {
      await writeFile(join(plain, 'a.txt'), `${args}`)
      await writeFile(join(hooked, 'a.txt'), `${args}`)
      const [expected, result] = [await userGit(plain, args, DATES), await userGit(hooked, args, DATES)]
      expect({ args, exitCode: result.exitCode }).toEqual({ args, exitCode: expected.exitCode })
      expect(result.stderr.replaceAll(hooked, plain)).toBe(expected.stderr)
    }
    await settled(hooked)
    for (const question of [
      ['ls-files', '-s'],
      ['for-each-ref', '--format=%(refname) %(tree)'],
      ['status', '--porcelain'],
    ])
      expect(await git(hooked, ...question)).toBe(await git(plain, ...question))
    await expectEqual(hooked)
  })

  test('an index that only the user’s git may write stays as it is', async () => {
    const root = await hookedRepository()
    await commit(root, { 'b.txt': 'two\n' })
    const index = await readFile(join(root, '.git/index'))
    await settled(root)
    expect((await readFile(join(root, '.git/index'))).equals(index)).toBe(true)
  })
})

const FILES = { 'a.txt': 'one\n', 'b.txt': 'one\n', 'c/d.txt': 'one\n' }
const STEPS = [
  ['commit', '--quiet', '--all', '--message=1'],
  ['commit', '--quiet', '--all', '--amend', '--message=2'],
  ['commit', '--quiet', '--message=nothing staged'],
  ['stash', 'push', '--quiet'],
  ['stash', 'pop', '--quiet'],
  ['reset', '--quiet', '--hard'],
  ['checkout', '--quiet', '-b', 'side'],
  ['commit', '--quiet', '--all', '--message=3'],
  ['checkout', '--quiet', 'main', '--'],
  ['checkout', '--quiet', '--force', 'main'],
  ['checkout', '--quiet', 'no-such-branch'],
  ['merge', '--quiet', 'side'],
  // It ends with one that a hook tells of: git refused the last two, and nothing else would push what was written for them.
  ['commit', '--quiet', '--all', '--message=4'],
] as const
