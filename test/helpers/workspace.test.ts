import { existsSync } from 'node:fs'
import { symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import { git, gitBytes, gitRepository, readTree, temporaryDirectory, writeTree } from './workspace.js'

describe('a temporary folder', () => {
  const made: string[] = []

  test.each(['one test', 'the next test'])('is new for %s, and those before are gone', async () => {
    expect(made.filter(existsSync)).toEqual([])
    const folder = await temporaryDirectory()
    expect(made).not.toContain(folder)
    expect(existsSync(folder)).toBe(true)
    await writeTree(folder, { 'deep/file': 'content' })
    made.push(folder)
  })
})

describe('a tree of files', () => {
  test('reads as it was written', async () => {
    const root = await temporaryDirectory()
    const bytes = Buffer.from([0, 0xff, 10])
    await writeTree(
      root,
      new Map<string, string | Uint8Array>([
        ['b/c/d', bytes],
        ['__proto__', 'text'],
        ['a', ''],
      ]),
    )

    expect([...(await readTree(root))]).toEqual([
      ['__proto__', Buffer.from('text')],
      ['a', Buffer.from('')],
      ['b/c/d', bytes],
    ])
  })

  test('does not follow links', async () => {
    const [root, outside] = [await temporaryDirectory(), await temporaryDirectory()]
    await writeTree(outside, { secret: 'x' })
    await symlink(outside, join(root, 'link'))
    expect(await readTree(root)).toEqual(new Map([['link', Buffer.from(`link to ${outside}`)]]))
  })

  test('leaves out .git at the top only, and only when asked', async () => {
    const root = await temporaryDirectory()
    await writeTree(root, { '.git/config': '1', 'a/.git/config': '2', '.gitignore': '3' })
    expect([...(await readTree(root)).keys()]).toEqual(['.git/config', '.gitignore', 'a/.git/config'])
    expect([...(await readTree(root, { skipGit: true })).keys()]).toEqual(['.gitignore', 'a/.git/config'])
  })

  test('has names that are not UTF-8, where the system has them', async () => {
    const root = await temporaryDirectory()
    const name = process.platform === 'linux' ? Buffer.from([0xff, 0x2e, 0x61]) : Buffer.from('a')
    await writeFile(Buffer.concat([Buffer.from(`${root}/`), name]), 'content')
    expect([...(await readTree(root)).keys()]).toEqual([process.platform === 'linux' ? '\\xff.a' : 'a'])
  })
})

describe('a repository', () => {
  const before = { ...process.env }
  afterEach(() => {
    process.env = { ...before }
  })

  test('is empty', async () => {
    const root = await gitRepository()
    expect(await git(root, 'status', '--porcelain=v2', '--branch')).toContain('# branch.oid (initial)')
    expect(await git(root, 'symbolic-ref', '--short', 'HEAD')).toBe('main')
  })

  test('has the files that it is given in one commit, also ignored ones', async () => {
    const root = await gitRepository({ files: { '.gitignore': '*.log', 'a/b.log': 'text\r\n' } })
    expect(await git(root, 'log', '--format=%s by %an')).toBe('first by Ada Example')
    expect(await git(root, 'ls-files')).toBe('.gitignore\na/b.log')
    expect(await gitBytes(root, ['show', 'HEAD:a/b.log'])).toEqual(Buffer.from('text\r\n'))
    expect(await git(root, 'status', '--porcelain')).toBe('')
  })

  test('is not confused with the one whose hook runs the tests', async () => {
    const [outer, own] = [await gitRepository({ files: { outer: '' } }), await gitRepository({ files: { own: '' } })]
    process.env.GIT_DIR = join(outer, '.git')
    process.env.GIT_INDEX_FILE = join(outer, '.git', 'index')
    expect(await git(own, 'ls-files')).toBe('own')
  })

  test('reads input, and fails with what git said', async () => {
    const root = await gitRepository()
    expect((await gitBytes(root, ['hash-object', '--stdin'], 'text')).toString()).toMatch(/^[0-9a-f]{40}\n$/)
    await expect(git(root, 'no-such-command')).rejects.toThrow('no-such-command')
  })
})
