import { execFile } from 'node:child_process'
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import { ceDelta, counts, expectMirror, leftOut, push } from '../helpers/command.js'
import { gitRepository, temporaryDirectory, writeTree } from '../helpers/workspace.js'

const run = promisify(execFile)

describe('symbolic links', () => {
  test('faults.md row 33: are never followed, whatever they lead to', async () => {
    const outside = await temporaryDirectory()
    await writeTree(outside, { secret: 'CANARY', 'folder/secret': 'CANARY' })
    const root = await gitRepository({ files: { 'real/a': 'a' } })
    await symlink('real/a', join(root, 'to-file'))
    await symlink('real', join(root, 'to-folder'))
    await symlink(join(outside, 'secret'), join(root, 'to-outside'))
    await symlink(join(outside, 'folder'), join(root, 'real/to-outside-folder'))
    await symlink('..', join(root, 'real/to-ancestor'))
    await symlink('loop', join(root, 'loop'))
    await symlink('nowhere', join(root, 'dangling'))
    const report = await expectMirror(await push(root), { 'real/a': 'a' })
    const links = [
      'dangling',
      'loop',
      'real/to-ancestor',
      'real/to-outside-folder',
      'to-file',
      'to-folder',
      'to-outside',
    ]
    expect(leftOut(report)).toEqual(links.map((path) => `symbolic link: ${path}`))
    expect(leftOut(await expectMirror(await push(root), { 'real/a': 'a' }))).toEqual(leftOut(report))
  })

  test('that take the place of a file delete its copy', async () => {
    const root = await gitRepository({ files: { a: 'a', b: 'b' } })
    await expectMirror(await push(root), { a: 'a', b: 'b' })
    await rm(join(root, 'a'))
    await symlink('b', join(root, 'a'))
    expect((await expectMirror(await push(root), { b: 'b' })).operations).toEqual(counts(0, 0, 1))
    await rm(join(root, 'a'))
    await writeFile(join(root, 'a'), 'file again')
    await expectMirror(await push(root), { a: 'file again', b: 'b' })
  })

  test.each(['the same files', 'other files', 'nothing'])(
    'faults.md row 28: that take the place of a folder, and lead to %s, are not looked through',
    async (what) => {
      const outside = await temporaryDirectory()
      if (what === 'the same files') await writeTree(outside, { x: 'CANARY', 'deep/y': 'CANARY' })
      if (what === 'other files') await writeTree(outside, { z: 'CANARY' })
      const root = await gitRepository({ files: { 'd/x': 'x', 'd/deep/y': 'y', a: 'a' } })
      await expectMirror(await push(root), { 'd/x': 'x', 'd/deep/y': 'y', a: 'a' })
      await rename(join(root, 'd'), join(await temporaryDirectory(), 'd'))
      await symlink(what === 'nothing' ? 'nowhere' : outside, join(root, 'd'))
      const report = await expectMirror(await push(root), { a: 'a' })
      expect(report.operations).toEqual(counts(0, 0, 2))
      expect(leftOut(report)).toEqual(['symbolic link: d'])
      await rm(join(root, 'd'))
      await writeTree(root, { 'd/x': 'back' })
      await expectMirror(await push(root), { a: 'a', 'd/x': 'back' })
    },
  )

  test('lead to the workspace when they are on the way to it', async () => {
    const root = await gitRepository({ files: { a: 'a' } })
    const link = join(await temporaryDirectory(), 'link')
    await symlink(root, link)
    const first = await expectMirror(await ceDeltaIn(link), { a: 'a' })
    const second = await expectMirror(await push(root), { a: 'a' })
    expect(second).toMatchObject({ outcome: 'unchanged', workspace: first.workspace })
  })
})

async function ceDeltaIn(directory: string) {
  return await push('/', ['-C', directory])
}

describe('special files', () => {
  test('faults.md row 32: a pipe and a socket are not opened, and nothing waits for them', async () => {
    const root = await gitRepository({ files: { a: 'a', b: 'b', c: 'c' } })
    await expectMirror(await push(root), { a: 'a', b: 'b', c: 'c' })
    await rm(join(root, 'b'))
    await rm(join(root, 'c'))
    await run('mkfifo', [join(root, 'pipe'), join(root, 'b'), join(root, '.cedeltaignore')])
    const socket = createServer().listen(join(root, 'c'))
    try {
      const report = await expectMirror(await push(root), { a: 'a' })
      expect(report.operations).toEqual(counts(0, 0, 2))
      expect(leftOut(report)).toEqual(['not a regular file: b', 'not a regular file: c'])
      expect((await expectMirror(await push(root), { a: 'a' })).outcome).toBe('unchanged')
    } finally {
      await new Promise((resolve) => socket.close(resolve))
    }
  })

  test('an empty folder is not represented', async () => {
    const root = await gitRepository({ files: { a: 'a' } })
    await mkdir(join(root, 'empty/deeper'), { recursive: true })
    await expectMirror(await push(root), { a: 'a' })
  })

  test('a folder that does not exist, and one that is a file, are wrong usage', async () => {
    const root = await gitRepository({ files: { a: 'a' } })
    for (const path of ['missing', 'a', 'a/b']) {
      expect((await ceDelta(root, ['push', '-C', path])).exitCode).toBe(2)
    }
  })
})
