import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { counts, expectMirror, filesOf, push } from '../helpers/command.js'
import { type Contents, gitRepository, writeTree } from '../helpers/workspace.js'

async function pushed(files: Contents): Promise<string> {
  const root = await gitRepository({ files })
  await expectMirror(await push(root), await filesOf(root))
  return root
}

async function clear(root: string, ...paths: string[]): Promise<void> {
  for (const path of paths) await rm(join(root, path), { recursive: true })
}

describe('faults.md row 37:', () => {
  test('a file becomes a folder', async () => {
    const root = await pushed({ a: 'file', b: 'b' })
    await clear(root, 'a')
    await writeTree(root, { 'a/b/c': 'deep', 'a/d': 'file' })
    await expectMirror(await push(root), await filesOf(root))
  })

  test('a folder becomes a file', async () => {
    const root = await pushed({ 'a/b/c': 'deep', 'a/d': 'file', e: 'e' })
    await clear(root, 'a')
    await writeTree(root, { a: 'deep' })
    await expectMirror(await push(root), await filesOf(root))
  })

  test('a file and a folder change places', async () => {
    const root = await pushed({ 'x/inner': 'inner', y: 'plain' })
    await rename(join(root, 'x'), join(root, 'tmp'))
    await rename(join(root, 'y'), join(root, 'x'))
    await rename(join(root, 'tmp'), join(root, 'y'))
    await expectMirror(await push(root), { x: 'plain', 'y/inner': 'inner' })
  })

  test('a file moves into a folder of its own name', async () => {
    const root = await pushed({ main: 'content', other: 'o' })
    await rename(join(root, 'main'), join(root, 'tmp'))
    await mkdir(join(root, 'main'))
    await rename(join(root, 'tmp'), join(root, 'main/main'))
    await expectMirror(await push(root), { 'main/main': 'content', other: 'o' })
  })

  test('a file becomes an empty folder', async () => {
    const root = await pushed({ a: 'a', b: 'b' })
    await clear(root, 'a')
    await mkdir(join(root, 'a'))
    await expectMirror(await push(root), { b: 'b' })
  })

  test('two files change places, three in a circle, and a chain moves on', async () => {
    const root = await pushed({ a: '1', b: '2', c: '3', d: '4', e: '5', f: '6', g: '7' })
    const move = (from: string, to: string) => rename(join(root, from), join(root, to))
    for (const [from, to] of ['a t', 'b a', 't b', 'c t', 'd c', 'e d', 't e', 'g h', 'f g'].map((pair) =>
      pair.split(' '),
    )) {
      await move(from ?? '', to ?? '')
    }
    await expectMirror(await push(root), { a: '2', b: '1', c: '4', d: '5', e: '3', g: '6', h: '7' })
  })

  test('only the letter case of a name changes', async () => {
    const root = await pushed({ README: 'text', 'Dir/file': 'x' })
    await rename(join(root, 'README'), join(root, 'readme'))
    await rename(join(root, 'Dir'), join(root, 'dir'))
    const report = await expectMirror(await push(root), { readme: 'text', 'dir/file': 'x' })
    expect(report.operations).toEqual(counts(0, 0, 0, 2))
  })

  test('a file becomes a repository, and a repository a file', async () => {
    const root = await pushed({ a: 'file', b: 'b' })
    const nested = await gitRepository({ files: { inner: 'i' } })
    await clear(root, 'a')
    await rename(nested, join(root, 'a'))
    await expectMirror(await push(root), { 'a/inner': 'i', b: 'b' })
    await clear(root, 'a')
    await writeTree(root, { a: 'file again' })
    await expectMirror(await push(root), { a: 'file again', b: 'b' })
  })
})
