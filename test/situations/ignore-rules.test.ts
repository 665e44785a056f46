import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { counts, expectMirror, filesOf, leftOut, push, thisMachine } from '../helpers/command.js'
import { git, gitRepository, temporaryDirectory, writeTree } from '../helpers/workspace.js'

describe('ignore rules', () => {
  test('of .gitignore files, nested and negated, leave files out', async () => {
    const root = await gitRepository()
    await writeTree(root, {
      '.gitignore': '*.log\n!keep.log\n/build/\n',
      'a.log': '1',
      'keep.log': '2',
      'build/x': '3',
      'deep/build/x': '4',
      'deep/.gitignore': '!a.log\n*.tmp\n',
      'deep/a.log': '5',
      'deep/b.tmp': '6',
    })
    const report = await expectMirror(await push(root), await filesOf(root, ['a.log', 'build/x', 'deep/b.tmp']))
    expect(report.skipped).toEqual([])
    const dry = await push(root, ['--dry-run'])
    expect(leftOut(dry.report)).toEqual(['ignored: a.log', 'ignored: build/', 'ignored: deep/b.tmp'])
  })

  test('of info/exclude, of the global file, of .cedeltaignore and of the configuration count', async () => {
    const root = await gitRepository()
    const { home } = await thisMachine()
    const files = ['clone', 'global', 'own', 'configured', 'kept'].map((name): [string, string] => [`x/${name}`, name])
    await writeTree(root, new Map(files))
    await writeTree(root, { '.git/info/exclude': 'clone\n', '.cedeltaignore': 'own\n' })
    await writeTree(root, { 'ce-delta.config.json': '{"exclude":["configured"]}' })
    await writeTree(home, { '.gitconfig': '[core]\n\texcludesFile = ~/my-ignore\n', 'my-ignore': 'global\n' })
    await expectMirror(await push(root), await filesOf(root, ['x/clone', 'x/global', 'x/own', 'x/configured']))
    await rm(join(home, 'my-ignore'))
    await writeTree(home, { '.gitconfig': '', '.config/git/ignore': 'kept\n' })
    await rm(join(root, '.cedeltaignore'))
    const wanted = await filesOf(root, ['x/clone', 'x/configured', 'x/kept'])
    await expectMirror(await push(root), wanted)
  })

  test('that are added later delete the copies; that are removed bring them back', async () => {
    const root = await gitRepository()
    await writeTree(root, { 'dist/a.js': 'a', 'dist/b.js': 'b', 'src/a.ts': 'a' })
    await expectMirror(await push(root), await filesOf(root))
    await writeTree(root, { '.gitignore': 'dist\n' })
    const ignored = await expectMirror(await push(root), await filesOf(root, ['dist/a.js', 'dist/b.js']))
    expect(ignored.operations).toEqual(counts(1, 0, 2))
    await rm(join(root, '.gitignore'))
    await expectMirror(await push(root), await filesOf(root))
  })

  test('in a file that ignores itself delete the copies too', async () => {
    const root = await gitRepository()
    await writeTree(root, { 'venv/lib.py': 'a', 'src/a.ts': 'a' })
    await expectMirror(await push(root), await filesOf(root))
    await writeTree(root, { 'venv/.gitignore': '*\n' })
    const report = await expectMirror(await push(root), { 'src/a.ts': 'a' })
    expect(report.operations).toEqual(counts(0, 0, 1))
    await rm(join(root, 'venv/.gitignore'))
    await expectMirror(await push(root), await filesOf(root))
  })

  test('added to info/exclude or to the global file later count at the next push', async () => {
    const root = await gitRepository()
    const { home } = await thisMachine()
    await writeTree(root, { a: 'a', b: 'b', c: 'c' })
    await expectMirror(await push(root), { a: 'a', b: 'b', c: 'c' })
    await writeTree(root, { '.git/info/exclude': 'a\n' })
    await expectMirror(await push(root), { b: 'b', c: 'c' })
    await writeTree(home, { '.config/git/ignore': 'b\n' })
    await expectMirror(await push(root), { c: 'c' })
  })

  test('of the user do not leave out what they track', async () => {
    const root = await gitRepository({
      files: { '.gitignore': 'dist/\n*.min.js\n', 'dist/kept.js': '1', 'x.min.js': '2' },
    })
    await writeTree(root, { 'dist/other.js': '3' })
    await expectMirror(await push(root), await filesOf(root, ['dist/other.js']))
    await writeTree(root, { 'dist/kept.js': 'changed' })
    const changed = await expectMirror(await push(root), await filesOf(root, ['dist/other.js']))
    expect(changed.operations).toEqual(counts(0, 1, 0))
    await git(root, 'rm', '--quiet', '--cached', 'dist/kept.js')
    await expectMirror(await push(root), await filesOf(root, ['dist/other.js', 'dist/kept.js']))
    await git(root, 'add', '--force', 'dist/other.js')
    await expectMirror(await push(root), await filesOf(root, ['dist/kept.js']))
  })

  test('do not lose a tracked file that went away and came back', async () => {
    const root = await gitRepository({ files: { '.gitignore': 'dist/\n', 'dist/kept.js': '1' } })
    const away = join(await temporaryDirectory(), 'away')
    await expectMirror(await push(root), await filesOf(root))
    await rename(join(root, 'dist/kept.js'), away)
    await expectMirror(await push(root), await filesOf(root))
    await rename(away, join(root, 'dist/kept.js'))
    await expectMirror(await push(root), await filesOf(root))
  })

  test('do not lose a tracked file that becomes eligible', async () => {
    const root = await gitRepository({ files: { '.gitignore': 'dist/\n', 'dist/data': Buffer.from([0]), a: 'a' } })
    expect(leftOut(await expectMirror(await push(root), await filesOf(root, ['dist/data'])))).toEqual([
      'binary: dist/data',
    ])
    expect(leftOut(await expectMirror(await push(root), await filesOf(root, ['dist/data'])))).toEqual([
      'binary: dist/data',
    ])
    await writeTree(root, { 'dist/data': 'text' })
    await expectMirror(await push(root), await filesOf(root))
  })

  test('of our own win over what is tracked, and over exceptions in .gitignore', async () => {
    const root = await gitRepository({
      files: {
        '.gitignore': '*\n!*/\n!*.ts\n!.gitignore\n',
        'src/a.ts': 'a',
        'src/generated/b.ts': 'b',
        'src/own/c.ts': 'c',
      },
    })
    await writeTree(root, { '.cedeltaignore': 'own/\n', 'ce-delta.config.json': '{"exclude":["generated/"]}' })
    await writeTree(root, { 'src/generated/untracked.ts': 'x', 'src/d.ts': 'd', 'src/d.js': 'd' })
    const wanted = { '.gitignore': '*\n!*/\n!*.ts\n!.gitignore\n', 'src/a.ts': 'a', 'src/d.ts': 'd' }
    await expectMirror(await push(root), wanted)
    await writeTree(root, { 'src/own/later.ts': 'x' })
    expect((await expectMirror(await push(root), wanted)).outcome).toBe('unchanged')
  })

  test('that are not plain files are no rules, and nothing waits for them', async () => {
    const root = await gitRepository({ files: { a: 'a' } })
    const { home } = await thisMachine()
    await symlink('/dev/zero', join(root, '.cedeltaignore'))
    await mkdir(join(root, '.gitignore'))
    await mkdir(join(home, '.config/git/ignore'), { recursive: true })
    await expectMirror(await push(root), { a: 'a' })
    await writeFile(join(home, '.gitconfig'), '[core]\n\texcludesFile = /dev/zero\n')
    await expectMirror(await push(root), { a: 'a' })
  })
})
