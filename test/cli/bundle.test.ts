import { mkdir, rename, symlink, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { ceDelta, push, thisMachine } from '../helpers/command.js'
import { git, gitRepository, readTree, temporaryDirectory, writeTree } from '../helpers/workspace.js'

/** Two bundles: everything of the first push, and what changed since: a deletion, a move, an update, a file for a folder. */
async function twoBundles() {
  const root = await gitRepository()
  const { data } = await thisMachine()
  const bundles = await temporaryDirectory()
  const [first, second] = [join(bundles, 'first.tar.gz'), join(bundles, 'second.tar.gz')]
  const bundle = (...args: string[]) => ceDelta(root, ['bundle', ...args, '--json'])
  await writeTree(root, { a: '1', 'dir/b': '2', gone: 'x', 'moved/from': 'content' })
  await push(root)
  await unlink(join(root, 'gone'))
  await mkdir(join(root, 'gone'))
  await rename(join(root, 'moved/from'), join(root, 'gone/to'))
  await writeTree(root, { a: 'changed' })
  await push(root)
  await bundle('create', first, '--to', '1', '--data', data)
  await bundle('create', second, '--from', '1', '--data', data)
  return { root, bundles, first, second, bundle }
}

describe('bundle', () => {
  test('carries a work tree from file to folder, change by change', async () => {
    const { root, first, second, bundle } = await twoBundles()
    const copy = await temporaryDirectory()
    expect(await bundle('apply', first, copy)).toMatchObject({ exitCode: 0 })
    expect(await bundle('apply', second, copy)).toMatchObject({ exitCode: 0 })
    expect(await readTree(copy)).toEqual(await readTree(root, { skipGit: true }))
    const { events } = await bundle('inspect', second)
    expect(events).toMatchObject([
      {
        event: 'bundle-file',
        sequence: null,
        workspace: root,
        operations: { created: 0, updated: 1, deleted: 1, moved: 1 },
      },
    ])
    expect((await bundle('verify', second)).events).toMatchObject([{ event: 'bundle-file', contents: 2 }])
  })

  test('is made between commits, too', async () => {
    const root = await gitRepository({ files: { a: '1' } })
    await writeTree(root, { b: '2' })
    await git(root, 'add', 'b')
    await git(root, 'commit', '--quiet', '--message=second')
    const file = join(await temporaryDirectory(), 'x.tar.gz')
    const { events } = await ceDelta(root, ['bundle', 'create', file, '--from', 'HEAD~1', '--to', 'HEAD', '--json'])
    expect(events).toMatchObject([{ operations: { created: 1, updated: 0, deleted: 0, moved: 0 } }])
    const same = await ceDelta(root, ['bundle', 'create', file, '--from', 'HEAD', '--to', 'HEAD'])
    expect(same.exitCode).toBe(2)
  })

  test('is refused whole where it does not fit the folder', async () => {
    const { first, second, bundle } = await twoBundles()
    const copy = await temporaryDirectory()
    await bundle('apply', first, copy)
    await unlink(join(copy, 'moved/from'))
    const before = await readTree(copy)
    expect((await bundle('apply', second, copy)).exitCode).toBe(5)
    expect((await bundle('apply', first, copy)).exitCode).toBe(5)
    expect(await readTree(copy)).toEqual(before)
  })

  test('writes nothing through a link', async () => {
    const { first, bundle } = await twoBundles()
    const [copy, outside] = [await temporaryDirectory(), await temporaryDirectory()]
    await symlink(outside, join(copy, 'dir'))
    expect((await bundle('apply', first, copy)).exitCode).toBe(5)
    expect(await readTree(outside)).toEqual(new Map())
    expect(await readTree(copy)).toEqual(new Map([['dir', Buffer.from(`link to ${outside}`)]]))
  })

  test('is refused where it was damaged', async () => {
    const { bundles, bundle } = await twoBundles()
    const damaged = join(bundles, 'damaged.tar.gz')
    await writeFile(damaged, 'this is no bundle')
    for (const action of ['inspect', 'verify'])
      expect(await bundle(action, damaged)).toMatchObject({
        exitCode: 5,
        events: [{ error: { next: expect.stringContaining('make it anew') } }],
      })
    expect((await bundle('verify', join(bundles, 'nowhere'))).exitCode).toBe(2)
  })
})
