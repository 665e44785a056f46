import { existsSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { counts, expectMirror, filesOf, leftOut, push } from '../helpers/command.js'
import { git, gitRepository, temporaryDirectory, writeTree } from '../helpers/workspace.js'

async function withWorktree(place?: string): Promise<{ root: string; linked: string }> {
  const root = await gitRepository({ files: { a: 'a' } })
  const linked = join(place ?? (await temporaryDirectory()), 'linked')
  await git(root, 'worktree', 'add', '--quiet', '-b', 'topic', linked)
  return { root, linked }
}

test('faults.md row 19: two worktrees of one repository do not know of each other', async () => {
  const { root, linked } = await withWorktree()
  await writeTree(root, { here: 'h' })
  await writeTree(linked, { there: 't' })
  const here = await expectMirror(await push(root), { a: 'a', here: 'h' })
  const there = await expectMirror(await push(linked), { a: 'a', there: 't' })
  expect(there.workspace).not.toBe(here.workspace)
  expect(there.mirror).not.toBe(here.mirror)
  expect([here.sequence, there.sequence]).toEqual([1, 1])
  expect(existsSync(join(root, '.git/ce-delta/config'))).toBe(true)
  expect(existsSync(join(root, '.git/worktrees/linked/ce-delta/config'))).toBe(true)
  await writeTree(linked, { a: 'changed there' })
  expect((await expectMirror(await push(root), { a: 'a', here: 'h' })).outcome).toBe('unchanged')
  await expectMirror(await push(linked), { a: 'changed there', there: 't' })
})

test('faults.md row 50: a worktree inside the work tree is left out, and is a workspace of its own', async () => {
  const root = await gitRepository({ files: { a: 'a' } })
  const linked = join(root, 'trees/linked')
  await git(root, 'worktree', 'add', '--quiet', '-b', 'topic', linked)
  await writeTree(root, { 'trees/beside': 'b' })
  await writeTree(linked, { inner: 'i' })
  for (let time = 1; time <= 2; time++) {
    const report = await expectMirror(await push(root), { a: 'a', 'trees/beside': 'b' })
    expect(leftOut(report)).toEqual(['linked worktree: trees/linked'])
  }
  await expectMirror(await push(linked), { a: 'a', inner: 'i' })
})

test('a folder that was part of the copy leaves it when it becomes a linked worktree', async () => {
  const root = await gitRepository({ files: { a: 'a' } })
  await writeTree(root, { 'tree/plain': 'p', 'tree/a': 'a' })
  await expectMirror(await push(root), { a: 'a', 'tree/plain': 'p', 'tree/a': 'a' })
  const linked = join(await temporaryDirectory(), 'linked')
  await git(root, 'worktree', 'add', '--quiet', '-b', 'topic', linked)
  await rename(join(linked, '.git'), join(root, 'tree/.git'))
  await writeTree(root, { 'tree/plain': 'changed', 'tree/a': 'changed' })
  const report = await expectMirror(await push(root), { a: 'a' })
  expect(report.operations).toEqual(counts(0, 0, 2))
  expect(leftOut(report)).toEqual(['linked worktree: tree'])
  expect(leftOut(await expectMirror(await push(root), { a: 'a' }))).toEqual(['linked worktree: tree'])
})

test('a worktree whose repository is gone is not taken for a plain folder', async () => {
  const { root, linked } = await withWorktree()
  await expectMirror(await push(linked), await filesOf(linked, ['.git']).catch(() => filesOf(linked)))
  await rename(join(root, '.git'), join(root, 'moved'))
  const result = await push(linked)
  expect({ exitCode: result.exitCode, code: result.report.error?.code }).toEqual({
    exitCode: 10,
    code: 'not-a-repository',
  })
})

test('a commit is pushed from a linked worktree too', async () => {
  const { linked } = await withWorktree()
  await writeTree(linked, { b: 'uncommitted' })
  await expectMirror(await push(linked, ['--commit', 'topic']), { a: 'a' })
})
