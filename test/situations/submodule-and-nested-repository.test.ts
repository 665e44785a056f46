import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { counts, expectMirror, leftOut, push } from '../helpers/command.js'
import { type Contents, git, gitRepository, writeTree } from '../helpers/workspace.js'

/** A repository with files of its own in the folder `path` of another one. */
async function nest(root: string, path: string, files: Contents): Promise<string> {
  const nested = await gitRepository(Object.keys(files).length > 0 ? { files } : {})
  await writeTree(root, { [`${path}/.placeholder`]: '' })
  await rm(join(root, path), { recursive: true })
  await rename(nested, join(root, path))
  return join(root, path)
}

async function configure(root: string, config: object): Promise<void> {
  await writeFile(join(root, '.git/info/exclude'), 'ce-delta.config.json\n')
  await writeFile(join(root, 'ce-delta.config.json'), JSON.stringify(config))
}

describe('faults.md row 50: a nested repository', () => {
  test('is part of the copy, and followed: edits, commits, new files, deletion', async () => {
    const root = await gitRepository({ files: { a: 'a' } })
    const nested = await nest(root, 'lib/nested', { x: 'x', 'deep/y': 'y', '.gitignore': '*.log\n' })
    await writeTree(nested, { 'z.log': 'ignored', untracked: 'u' })
    const inner = { 'lib/nested/x': 'x', 'lib/nested/deep/y': 'y', 'lib/nested/.gitignore': '*.log\n' }
    expect((await expectMirror(await push(root), { a: 'a', ...inner, 'lib/nested/untracked': 'u' })).skipped).toEqual(
      [],
    )
    expect((await push(root)).report.outcome).toBe('unchanged')
    await writeTree(nested, { x: 'changed', new: 'n' })
    await rm(join(nested, 'untracked'))
    const changed = { a: 'a', ...inner, 'lib/nested/x': 'changed', 'lib/nested/new': 'n' }
    expect((await expectMirror(await push(root), changed)).operations).toEqual(counts(1, 1, 1))
    await git(nested, 'add', '--all')
    await git(nested, 'commit', '--quiet', '--message=inner')
    expect((await expectMirror(await push(root), changed)).outcome).toBe('unchanged')
    await rm(nested, { recursive: true })
    expect((await expectMirror(await push(root), { a: 'a' })).operations).toEqual(counts(0, 0, 4))
  })

  test('in a nested repository, an empty one, and one without commits are looked into', async () => {
    const root = await gitRepository({ files: { a: 'a' } })
    const outer = await nest(root, 'outer', { o: 'o' })
    await nest(outer, 'inner', { i: 'i' })
    await nest(root, 'empty', {})
    const fresh = await nest(root, 'fresh', {})
    await writeTree(fresh, { f: 'f' })
    const files = { a: 'a', 'outer/o': 'o', 'outer/inner/i': 'i', 'fresh/f': 'f' }
    await expectMirror(await push(root), files)
    expect((await expectMirror(await push(root), files)).outcome).toBe('unchanged')
    await writeTree(root, { 'empty/later': 'l', 'outer/inner/j': 'j' })
    await expectMirror(await push(root), { ...files, 'empty/later': 'l', 'outer/inner/j': 'j' })
  })

  test('that appears around files of the copy changes nothing, nor does it when it goes away', async () => {
    const root = await gitRepository({ files: { a: 'a', 'd/x': 'x' } })
    await expectMirror(await push(root), { a: 'a', 'd/x': 'x' })
    await git(join(root, 'd'), 'init', '--quiet')
    await writeTree(root, { 'd/y': 'y' })
    await expectMirror(await push(root), { a: 'a', 'd/x': 'x', 'd/y': 'y' })
    await rm(join(root, 'd/.git'), { recursive: true })
    await writeTree(root, { 'd/z': 'z' })
    await expectMirror(await push(root), { a: 'a', 'd/x': 'x', 'd/y': 'y', 'd/z': 'z' })
  })

  test('is left out where the configuration says so, also when it was part of the copy before', async () => {
    const root = await gitRepository({ files: { a: 'a' } })
    await nest(root, 'nested', { x: 'x' })
    await configure(root, { nestedRepositories: 'skip' })
    expect(leftOut(await expectMirror(await push(root), { a: 'a' }))).toEqual(['nested repository: nested'])
    await configure(root, {})
    await expectMirror(await push(root), { a: 'a', 'nested/x': 'x' })
    await configure(root, { nestedRepositories: 'skip' })
    for (const operations of [counts(0, 0, 1), counts(0)]) {
      const report = await expectMirror(await push(root), { a: 'a' })
      expect(report.operations).toEqual(operations)
      expect(leftOut(report)).toEqual(['nested repository: nested'])
    }
  })

  test('that is ignored stays out', async () => {
    const root = await gitRepository({ files: { a: 'a', '.gitignore': 'vendor/\n' } })
    await nest(root, 'vendor/lib', { x: 'x' })
    await expectMirror(await push(root), { a: 'a', '.gitignore': 'vendor/\n' })
  })

  test('of another hash, and a bare one, are looked into like folders', async () => {
    const root = await gitRepository({ files: { a: 'a' } })
    await git(root, 'init', '--quiet', '--object-format=sha256', 'other')
    await writeTree(root, { 'other/x': 'x' })
    await expectMirror(await push(root), { a: 'a', 'other/x': 'x' })
  })
})

describe('a submodule', () => {
  async function withSubmodule(): Promise<{ root: string; submodule: string }> {
    const library = await gitRepository({ files: { lib: 'l' } })
    const root = await gitRepository({ files: { a: 'a' } })
    await git(root, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', library, 'sub')
    await git(root, 'commit', '--quiet', '--message=submodule')
    await writeFile(join(root, '.git/info/exclude'), '.gitmodules\n')
    await git(root, 'rm', '--quiet', '--cached', '.gitmodules')
    return { root, submodule: join(root, 'sub') }
  }

  test('is part of the copy, and followed', async () => {
    const { root, submodule } = await withSubmodule()
    await expectMirror(await push(root), { a: 'a', 'sub/lib': 'l' })
    await writeTree(submodule, { lib: 'changed', new: 'n' })
    await expectMirror(await push(root), { a: 'a', 'sub/lib': 'changed', 'sub/new': 'n' })
    await git(root, 'submodule', '--quiet', 'deinit', '--force', 'sub')
    await expectMirror(await push(root), { a: 'a' })
  })

  test('is a workspace of its own when the command is run in it', async () => {
    const { root, submodule } = await withSubmodule()
    await expectMirror(await push(submodule), { lib: 'l' })
    await expectMirror(await push(root), { a: 'a', 'sub/lib': 'l' })
  })

  test('has no files in a commit, which is said', async () => {
    const { root } = await withSubmodule()
    const report = (await push(root, ['--commit', 'HEAD'])).report
    expect(leftOut(report)).toEqual(['submodule without files: sub'])
  })
})
