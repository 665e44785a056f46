import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { counts, expectMirror, filesOf, leftOut, push } from '../helpers/command.js'
import { type Contents, git, gitBytes, gitRepository, temporaryDirectory, writeTree } from '../helpers/workspace.js'

async function commit(root: string, files: Contents = {}): Promise<void> {
  await writeTree(root, files)
  await git(root, 'add', '--all', '--force')
  await git(root, 'commit', '--quiet', '--allow-empty', '--message=x')
}

describe('--commit', () => {
  test('in a bare repository pushes the commit; without it exit code 10 says what to do', async () => {
    const root = await gitRepository({ files: { a: 'a', 'd/b': 'b' } })
    const bare = join(await temporaryDirectory(), 'app.git')
    await git(root, 'clone', '--quiet', '--bare', root, bare)
    expect((await push(bare)).exitCode).toBe(10)
    await expectMirror(await push(bare, ['--commit', 'main']), { a: 'a', 'd/b': 'b' })
    await commit(root, { a: 'changed', c: 'c' })
    await git(root, 'push', '--quiet', bare, 'main')
    const second = await expectMirror(await push(bare, ['--commit', 'main']), { a: 'changed', 'd/b': 'b', c: 'c' })
    expect(second).toMatchObject({ operations: counts(1, 1), commit: await git(root, 'rev-parse', 'main') })
    expect(await git(bare, 'status').catch(() => 'bare')).toBe('bare')
  })

  test('in a shallow clone pushes the commit; one that was not fetched is wrong usage', async () => {
    const origin = await gitRepository({ files: { a: 'a' } })
    const old = await git(origin, 'rev-parse', 'HEAD')
    await commit(origin, { b: 'b' })
    const root = join(await temporaryDirectory(), 'shallow')
    await git('/', 'clone', '--quiet', '--depth=1', `file://${origin}`, root)
    await expectMirror(await push(root, ['--commit', 'HEAD']), { a: 'a', b: 'b' })
    await expectMirror(await push(root), { a: 'a', b: 'b' })
    expect((await push(root, ['--commit', old])).exitCode).toBe(2)
  })

  test.each(['--shared', '--reference'])('in a clone that borrows its objects (%s) pushes the commit', async (how) => {
    const origin = await gitRepository({ files: { a: 'a' } })
    const root = join(await temporaryDirectory(), 'clone')
    await git('/', 'clone', '--quiet', '--bare', ...(how === '--shared' ? [how] : [how, origin]), origin, root)
    await expectMirror(await push(root, ['--commit', 'HEAD']), { a: 'a' })
  })

  test('in a clone that borrows by a relative path pushes the commit', async () => {
    const origin = await gitRepository({ files: { a: 'a' } })
    const place = await temporaryDirectory()
    await git(place, 'clone', '--quiet', '--bare', origin, 'pool.git')
    await git(place, 'clone', '--quiet', '--bare', '--shared', 'pool.git', 'app.git')
    await writeFile(join(place, 'app.git/objects/info/alternates'), '../../pool.git/objects\n')
    await expectMirror(await push(join(place, 'app.git'), ['--commit', 'HEAD']), { a: 'a' })
  })

  test('judges what is committed, by the rules that are ours', async () => {
    const files = {
      '.gitignore': 'dist/\n',
      'dist/kept': 'tracked though ignored',
      '.cedeltaignore': 'own/\n!own/not\n*.tmp\n',
      'own/x': 'x',
      'y.tmp': 'y',
      '.env': 'SECRET',
      bin: Buffer.from([1, 0]),
      'late-nul': Buffer.concat([Buffer.alloc(8000, 'a'), Buffer.from([0])]),
      'text.txt': 'crlf\r\n',
    }
    const root = await gitRepository({ files })
    const report = await expectMirror(
      await push(root, ['--commit', 'HEAD']),
      await filesOf(root, ['own/x', 'y.tmp', '.env', 'bin']),
    )
    expect(leftOut(report)).toEqual(['binary: bin', 'secret by name: .env'])
    await commit(root, { bin: 'text', '.cedeltaignore': '' })
    const second = await expectMirror(await push(root, ['--commit', 'HEAD']), await filesOf(root, ['.env']))
    expect(leftOut(second)).toEqual(['secret by name: .env'])
  })

  test('and the work tree may be pushed by turns; each sends the difference', async () => {
    const root = await gitRepository({ files: { a: 'a', b: 'b' } })
    await writeTree(root, { a: 'work', c: 'c' })
    await expectMirror(await push(root), { a: 'work', b: 'b', c: 'c' })
    const back = await expectMirror(await push(root, ['--commit', 'HEAD']), { a: 'a', b: 'b' })
    expect(back.operations).toEqual(counts(0, 1, 1))
    const again = await expectMirror(await push(root), { a: 'work', b: 'b', c: 'c' })
    expect(again.operations).toEqual(counts(1, 1))
  })

  test('of a large commit does not look at the work tree, and the files there may be anything', async () => {
    const files = new Map(
      Array.from({ length: 300 }, (_, index): [string, string] => [`d${index % 7}/f${index}`, `${index}`]),
    )
    const root = await gitRepository({ files })
    await git(root, 'rm', '-r', '--quiet', '--cached', '.')
    await expectMirror(await push(root, ['--commit', 'HEAD']), files)
  })

  test.each(['nonsense', '--upload-pack=touch marker', 'HEAD^{tree}', 'HEAD:a', ''])(
    'of %p is wrong usage',
    async (revision) => {
      const root = await gitRepository({ files: { a: 'a' } })
      expect((await push(root, [`--commit=${revision}`])).exitCode).toBe(2)
    },
  )

  test('of a tag and of an abbreviated name is that commit', async () => {
    const root = await gitRepository({ files: { a: 'a' } })
    await git(root, 'tag', '--annotate', '--message=t', 'v1')
    const id = (await gitBytes(root, ['rev-parse', 'HEAD'])).toString().trim()
    for (const name of ['v1', id.slice(0, 8), 'refs/heads/main', '@']) {
      expect((await expectMirror(await push(root, ['--commit', name]), { a: 'a' })).commit).toBe(id)
    }
  })
})
