import { cp, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { ceDelta } from '../helpers/command.js'
import { commit, expectEqual, hookedRepository, installHooks, runsOf, settled, userGit } from '../helpers/hooked.js'
import { git, gitRepository, temporaryDirectory, writeTree } from '../helpers/workspace.js'

describe('faults.md row 50: other work trees', () => {
  test('a commit in a linked worktree pushes that worktree, and only that', async () => {
    const root = await hookedRepository()
    const linked = join(await temporaryDirectory(), 'linked')
    await userGit(root, ['worktree', 'add', '--quiet', linked])
    await mkdir(join(linked, 'deep'))
    await writeTree(linked, { 'deep/b.txt': 'two\n' })
    await git(linked, 'add', '--all')
    expect(await userGit(join(linked, 'deep'), ['commit', '--quiet', '--message=more'])).toMatchObject({ stderr: '' })
    await settled(linked)
    expect(await runsOf(root)).toEqual([])
    expect(await expectEqual(linked)).toBe(1)
  })

  test('a commit in a submodule pushes the submodule', async () => {
    const library = await gitRepository({ files: { 'lib.txt': '1' } })
    const root = await gitRepository({ files: { a: '1' } })
    await git(root, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', library, 'lib')
    const submodule = join(root, 'lib')
    await git(submodule, 'config', 'user.name', 'Ada')
    await git(submodule, 'config', 'user.email', 'ada@example.org')
    expect((await installHooks(submodule)).exitCode).toBe(0)
    await commit(submodule, { 'new.txt': '2' })
    await settled(submodule)
    await expectEqual(submodule)
    expect(await runsOf(root)).toEqual([])
  })

  test('status names every worktree, and what is wrong there', async () => {
    const root = await hookedRepository()
    await git(root, 'config', 'core.hooksPath', '.githooks')
    expect((await installHooks(root)).exitCode).toBe(0)
    const linked = join(await temporaryDirectory(), 'linked')
    await userGit(root, ['worktree', 'add', '--quiet', linked])
    const { events } = await ceDelta(root, ['hook', 'status', '--json'])
    expect(events[0]).toMatchObject({
      worktrees: [
        { root, problem: null, installed: expect.arrayContaining(['post-commit']) },
        { root: linked, installed: [], problem: { next: 'ce-delta hook install' } },
      ],
    })
  })
})

describe('faults.md row 60: nothing is uploaded by surprise', () => {
  test('worktree add', async () => {
    const root = await hookedRepository()
    const linked = join(await temporaryDirectory(), 'linked')
    await userGit(root, ['worktree', 'add', '--quiet', linked])
    expect(await readdir(join(root, '.git/worktrees/linked'))).not.toContain('ce-delta')
  })

  test('a clone, though a template brings the hooks', async () => {
    const root = await hookedRepository()
    const template = await temporaryDirectory()
    await cp(join(root, '.git/hooks'), join(template, 'hooks'), { recursive: true })
    await cp(join(root, '.git/ce-delta-hook.sh'), join(template, 'ce-delta-hook.sh'))
    const clone = join(await temporaryDirectory(), 'clone')
    await userGit(root, ['clone', '--quiet', `--template=${template}`, root, clone])
    expect(await readdir(join(clone, '.git'))).not.toContain('ce-delta')
    await userGit(clone, ['-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '--quiet', '--allow-empty', '-m', 'x'])
    await settled(clone)
    await expectEqual(clone)
  })
})
