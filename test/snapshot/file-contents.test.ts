import { execFile } from 'node:child_process'
import { hash } from 'node:crypto'
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import { readFileContents } from '../../src/snapshot/file-contents.js'
import { openShadow, type Shadow } from '../../src/snapshot/shadow.js'
import { locateWorkspace } from '../../src/snapshot/workspace.js'
import { listTree, type TreeFile } from '../../src/support/git-objects.js'
import { codeOf } from '../helpers/receivers.js'
import { git, gitEnvironment, gitRepository } from '../helpers/workspace.js'

const run = promisify(execFile)

const LARGE = Buffer.alloc(3_000_000, 'larger than what is read at a time\n')
const FILES: Record<string, string | Uint8Array> = {
  'a/same': 'same\n',
  'b/changed': 'as it was\n',
  'c/gone': 'gone\n',
  'd/folder now': 'a file\n',
  'e/link now': 'same\n',
  'f/pipe now': 'not empty\n',
  'g/empty': '',
  'h/bytes': new Uint8Array([0, 13, 10, 255]),
  'i/large': LARGE,
  'i/not so large': LARGE.subarray(0, 1_500_000),
  'j/longer now': 'short',
  'z/last': 'last\n',
}

async function snapshotOf(files: Record<string, string | Uint8Array>): Promise<[root: string, Shadow, TreeFile[]]> {
  const root = await gitRepository({ files })
  const shadow = await openShadow(await locateWorkspace(root, gitEnvironment()))
  return [root, shadow, await listTree(shadow.repository, await git(root, 'rev-parse', 'HEAD^{tree}'))]
}

async function contentsOf(shadow: Shadow, files: readonly TreeFile[]): Promise<Buffer[]> {
  const contents: Buffer[][] = []
  for await (const pieces of readFileContents(shadow, files)) {
    for (const { index, bytes } of pieces) {
      contents[index] ??= []
      contents[index].push(Buffer.from(bytes))
    }
  }
  return contents.map((pieces) => Buffer.concat(pieces))
}

describe('the contents of the files of a snapshot', () => {
  test('are those of the snapshot, whatever has become of the files in the work tree', async () => {
    const [root, shadow, files] = await snapshotOf(FILES)
    const inTree = (path: string): string => join(root, path)
    await writeFile(inTree('b/changed'), 'as it is.\n')
    for (const path of ['c/gone', 'd/folder now', 'e/link now', 'f/pipe now']) await rm(inTree(path))
    await mkdir(inTree('d/folder now'))
    await symlink(inTree('b/changed'), inTree('e/link now'))
    if (process.platform !== 'win32') await run('mkfifo', [inTree('f/pipe now')])
    await writeFile(inTree('j/longer now'), 'short, and more')
    const digests = (contents: readonly Buffer[]): string[] => contents.map((content) => hash('sha1', content))
    const expected = digests(files.map(({ path }) => Buffer.from(FILES[path] ?? '')))
    expect(digests(await contentsOf(shadow, files))).toEqual(expected)
    const backwards = [...files].reverse()
    expect(digests(await contentsOf(shadow, backwards))).toEqual(expected.reverse())
  })

  test('come from the work tree where git has lost them', async () => {
    const [root, shadow, files] = await snapshotOf({ 'a/b': 'here\n', c: 'there\n' })
    await rm(join(root, '.git', 'objects'), { recursive: true })
    expect((await contentsOf(shadow, files)).map(String)).toEqual(['here\n', 'there\n'])
    await writeFile(join(root, 'c'), 'other\n')
    expect(await codeOf(contentsOf(shadow, files))).toBe('objects-missing')
  })

  test('come from git in a few steps where every file is another one', async () => {
    const contents = Array.from({ length: 300 }, (_, at) => [`${at % 9}/${at}`, `${at}\n`] as const)
    const [root, shadow, files] = await snapshotOf(Object.fromEntries(contents))
    for (const { path } of files) await writeFile(join(root, path), 'another one')
    const expected = files.map(({ path }) => Buffer.from(`${path.split('/')[1]}\n`))
    expect(await contentsOf(shadow, files)).toEqual(expected)
  })
})
