import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { counts, expectMirror, filesOf, push } from '../helpers/command.js'
import { git, gitRepository, writeTree } from '../helpers/workspace.js'

async function prune(root: string): Promise<void> {
  await git(root, 'reflog', 'expire', '--expire=now', '--expire-unreachable=now', '--all')
  await git(root, 'gc', '--quiet', '--prune=now')
}

/** Files whose contents are in the objects of the user's repository, but not in a commit that stays. */
async function borrowing(): Promise<string> {
  const root = await gitRepository({ files: { keep: 'k', 'd/keep': 'k' } })
  await writeTree(root, { 'd/borrowed': 'b', 'd/deep/borrowed': 'bb', top: 't' })
  await git(root, 'add', '--all')
  await git(root, 'commit', '--quiet', '--message=temporary')
  await expectMirror(await push(root), await filesOf(root))
  await git(root, 'reset', '--quiet', '--mixed', 'HEAD~1')
  await prune(root)
  return root
}

describe('git gc --prune=now in the repository of the user', () => {
  test('is not noticed when nothing else changed', async () => {
    const root = await borrowing()
    const report = await expectMirror(await push(root), await filesOf(root))
    expect(report.operations).toEqual(counts(0))
  })

  test('does no harm when files were edited, added, moved and deleted afterwards', async () => {
    const root = await borrowing()
    await writeTree(root, { keep: 'changed', 'd/new': 'n' })
    await rm(join(root, 'top'))
    await git(root, 'mv', 'd/keep', 'd/moved')
    await expectMirror(await push(root), await filesOf(root))
    await writeTree(root, { 'd/borrowed': 'changed' })
    const report = await expectMirror(await push(root), await filesOf(root))
    expect(report.operations).toEqual(counts(0, 1))
  })

  test('does no harm to a full push', async () => {
    const root = await borrowing()
    await expectMirror(await push(root, ['--full']), await filesOf(root))
  })

  test('does no harm between pushes of commits that were amended', async () => {
    const root = await gitRepository({ files: { a: '1', 'd/x': 'x', 'e/f/g': 'g' } })
    await expectMirror(await push(root, ['--commit', 'HEAD']), { a: '1', 'd/x': 'x', 'e/f/g': 'g' })
    await writeTree(root, { a: '2', 'd/x': 'y' })
    await git(root, 'commit', '--quiet', '--all', '--amend', '--message=amended')
    await prune(root)
    await expectMirror(await push(root, ['--commit', 'HEAD']), { a: '2', 'd/x': 'y', 'e/f/g': 'g' })
    await expectMirror(await push(root), await filesOf(root))
  })

  test('does no harm when the whole history is replaced', async () => {
    const root = await gitRepository({ files: { a: '1', 'd/x': 'x' } })
    await expectMirror(await push(root), await filesOf(root))
    await rm(join(root, '.git/objects'), { recursive: true })
    await rm(join(root, '.git/index'))
    await git(root, 'update-ref', '-d', 'HEAD').catch(() => rm(join(root, '.git/refs/heads/main')))
    await git(root, 'init', '--quiet')
    await writeTree(root, { a: '2' })
    await expectMirror(await push(root), await filesOf(root))
    await git(root, 'add', '--all')
    await git(root, 'commit', '--quiet', '--message=new')
    await expectMirror(await push(root, ['--commit', 'HEAD']), await filesOf(root))
  })
})
