import { existsSync } from 'node:fs'
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { ceDelta, counts, expectMirror, filesOf, push, thisMachine } from '../helpers/command.js'
import { git, temporaryDirectory, writeTree } from '../helpers/workspace.js'

test('a folder without git is a workspace; its state is elsewhere', async () => {
  const root = await temporaryDirectory()
  const { home } = await thisMachine()
  await writeTree(root, { a: 'a', 'd/b': 'b', '.gitignore': '*.log\n', 'x.log': 'x', '.env': 'SECRET' })
  await expectMirror(await push(root), await filesOf(root, ['x.log', '.env']))
  expect(await readdir(root)).toEqual(['.env', '.gitignore', 'a', 'd', 'x.log'])
  const [state = ''] = await readdir(join(home, '.local/state/ce-delta/workspaces'))
  expect((await stat(join(home, '.local/state/ce-delta/workspaces', state))).mode & 0o777).toBe(0o700)
  await writeTree(root, { a: 'changed' })
  await rm(join(root, 'd'), { recursive: true })
  const report = await expectMirror(await push(root), await filesOf(root, ['x.log', '.env']))
  expect(report.operations).toEqual(counts(0, 1, 1))
})

test('XDG_STATE_HOME says where the state is, and the path of the folder is its identity', async () => {
  const [first, second, state] = [await temporaryDirectory(), await temporaryDirectory(), await temporaryDirectory()]
  const env = { XDG_STATE_HOME: state }
  for (const root of [first, second]) await writeTree(join(root, 'app'), { a: root })
  await expectMirror(await push(join(first, 'app'), [], { env }), { a: first })
  await expectMirror(await push(join(second, 'app'), [], { env }), { a: second })
  expect((await readdir(join(state, 'ce-delta/workspaces'))).length).toBe(2)
})

test('repositories in such a folder are part of it', async () => {
  const root = await temporaryDirectory()
  await writeTree(root, { 'one/a': 'a', 'two/b': 'b', c: 'c' })
  await git(join(root, 'one'), 'init', '--quiet')
  await git(join(root, 'two'), 'init', '--quiet')
  await expectMirror(await push(root), { 'one/a': 'a', 'two/b': 'b', c: 'c' })
  await writeTree(root, { 'one/a': 'changed' })
  await expectMirror(await push(root), { 'one/a': 'changed', 'two/b': 'b', c: 'c' })
})

test('a folder that becomes a repository, and stops being one, keeps its copy', async () => {
  const root = await temporaryDirectory()
  await writeTree(root, { a: 'a' })
  await expectMirror(await push(root), { a: 'a' })
  await git(root, 'init', '--quiet')
  expect((await expectMirror(await push(root), { a: 'a' })).outcome).toBe('unchanged')
  await writeTree(root, { b: 'b' })
  await expectMirror(await push(root), { a: 'a', b: 'b' })
  await rm(join(root, '.git'), { recursive: true })
  await rm(join(root, 'a'))
  await push(root, ['--force'])
  await expectMirror(await push(root), { b: 'b' })
})

test('an empty folder is pushed as nothing, and a folder that is emptied loses its copy', async () => {
  const root = await temporaryDirectory()
  expect((await push(root)).report).toMatchObject({ outcome: 'unchanged', operations: counts(0) })
  await writeTree(root, { a: 'a' })
  await expectMirror(await push(root), { a: 'a' })
  await rm(join(root, 'a'))
  const report = await expectMirror(await push(root, ['--allow-mass-delete']), {})
  expect(report.operations).toEqual(counts(0, 0, 1))
})

test('the state is never part of the copy, even where the home is the workspace', async () => {
  const { home } = await thisMachine()
  await writeTree(home, { a: 'a' })
  await expectMirror(await push(home, ['--force']), { a: 'a' })
  expect(existsSync(join(home, '.local/state/ce-delta'))).toBe(true)
  expect((await expectMirror(await push(home, ['--force']), { a: 'a' })).outcome).toBe('unchanged')
})

test('the git folder is never part of the copy, whatever its name is', async () => {
  const root = await temporaryDirectory()
  await git(root, 'init', '--quiet', '--separate-git-dir', join(root, 'git data'))
  await writeTree(root, { a: 'a', '.gitignore': '!git data\n' })
  await expectMirror(await push(root), { a: 'a', '.gitignore': '!git data\n' })
  expect((await push(root)).report.outcome).toBe('unchanged')
})

test('--commit has no meaning there, and says so', async () => {
  const root = await temporaryDirectory()
  expect((await ceDelta(root, ['push', '--commit', 'HEAD'])).exitCode).toBe(10)
})
