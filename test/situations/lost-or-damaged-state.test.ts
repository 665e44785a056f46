import { chmod, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { ceDelta, counts, expectMirror, filesOf, push, thisMachine } from '../helpers/command.js'
import { gitRepository, writeTree } from '../helpers/workspace.js'

describe('the state of a workspace', () => {
  test('that was deleted is made again from what the receiver lists; nothing is sent twice', async () => {
    const root = await gitRepository({ files: { a: 'a', b: 'b' } })
    await expectMirror(await push(root), { a: 'a', b: 'b' })
    await rm(join(root, '.git/ce-delta'), { recursive: true })
    const same = await expectMirror(await push(root), { a: 'a', b: 'b' })
    expect(same).toMatchObject({ outcome: 'unchanged', bundles: [], sequence: 1 })
    await rm(join(root, '.git/ce-delta'), { recursive: true })
    await rm(join(root, 'b'))
    await writeTree(root, { a: 'changed' })
    expect((await expectMirror(await push(root), { a: 'changed' })).operations).toEqual(counts(0, 1, 1))
  })

  test.each([
    'index',
    'HEAD',
    'config',
    'objects',
    'refs',
    'info',
    'scan',
    'info/attributes',
    'info/exclude',
    'packed-refs',
  ])('faults.md row 8: without %s is mended', async (name) => {
    const root = await gitRepository({ files: { a: 'a', b: 'b\r\n', '.gitattributes': '* text\n' } })
    await writeTree(root, { untracked: 'u' })
    await expectMirror(await push(root), await filesOf(root))
    await rm(join(root, '.git/ce-delta', name), { recursive: true, force: true })
    await writeTree(root, { a: 'changed', c: 'c\r\n' })
    await expectMirror(await push(root), await filesOf(root))
  })

  test.each(['index', 'HEAD', 'config', 'scan', 'commit-scan.json', 'info/exclude'])(
    'faults.md row 8: with %s cut to nothing, or to half, is mended',
    async (name) => {
      const root = await gitRepository({ files: { a: 'a', b: 'b' } })
      await expectMirror(await push(root, ['--commit', 'HEAD']), { a: 'a', b: 'b' })
      await expectMirror(await push(root), { a: 'a', b: 'b' })
      for (const bytes of [0, 20]) {
        await truncate(join(root, '.git/ce-delta', name), bytes)
        await writeTree(root, { a: `changed ${bytes}` })
        await expectMirror(await push(root), await filesOf(root))
      }
      await expectMirror(await push(root, ['--commit', 'HEAD']), { a: 'a', b: 'b' })
    },
  )

  test('with every object of its own gone is mended', async () => {
    const root = await gitRepository({ files: { a: 'a' } })
    await writeTree(root, { b: 'b', 'd/c': 'c' })
    await expectMirror(await push(root), await filesOf(root))
    const objects = join(root, '.git/ce-delta/objects')
    for (const name of await readdir(objects)) if (name !== 'info') await rm(join(objects, name), { recursive: true })
    await expectMirror(await push(root), await filesOf(root))
    await writeTree(root, { b: 'changed' })
    await expectMirror(await push(root), await filesOf(root))
  })

  test.each([
    ['emptied', (): Buffer => Buffer.alloc(0)],
    ['cut in half', (bytes: Buffer): Buffer => bytes.subarray(0, bytes.length / 2)],
    ['full of zeros', (bytes: Buffer): Buffer => Buffer.alloc(bytes.length)],
  ] as const)('faults.md row 3: with objects that a power loss left %s is mended', async (_, damaged) => {
    const root = await gitRepository({ files: { a: 'a' } })
    await writeTree(root, { b: 'b', 'd/c': 'c' })
    await expectMirror(await push(root), await filesOf(root))
    for (const turn of [1, 2]) {
      await writeTree(root, { b: `changed ${turn}`, 'd/e': `${turn}` })
      await push(root, ['--dry-run'])
      await damageObjects(join(root, '.git/ce-delta/objects'), damaged)
      await expectMirror(await push(root), await filesOf(root))
      if (turn === 1) await ceDelta(root, ['maintain'])
    }
  })

  test('faults.md row 3: a mirror that lost files with the power is made exact by the next push', async () => {
    const root = await gitRepository({ files: { a: 'a', b: 'b' } })
    const { mirror } = await expectMirror(await push(root), { a: 'a', b: 'b' })
    const { data } = await thisMachine()
    const [slug = ''] = await readdir(join(data, 'workspaces'))
    await truncate(join(mirror ?? '', 'a'), 0)
    const note = join(data, 'workspaces', slug, 'mirror-exact')
    const [commit = ''] = (await readFile(note, 'utf8')).split('\n')
    await writeFile(note, `${commit}\nanother start of the machine\n`)
    expect(await expectMirror(await push(root), { a: 'a', b: 'b' })).toMatchObject({ outcome: 'unchanged' })
  })

  test('with a damaged record of the last push is mended', async () => {
    const root = await gitRepository({ files: { a: 'a', b: 'b' } })
    await expectMirror(await push(root), { a: 'a', b: 'b' })
    const folder = join(root, '.git/ce-delta/refs/ce-delta/confirmed')
    const [name = ''] = await readdir(folder)
    for (const text of ['', 'nonsense\n', `${'1'.repeat(40)}\n`]) {
      await writeFile(join(folder, name), text)
      await writeTree(root, { a: `changed ${text}` })
      await expectMirror(await push(root), await filesOf(root))
    }
  })
})

/** As a disk shows files whose names were written, and whose contents were not. */
async function damageObjects(objects: string, damaged: (bytes: Buffer) => Buffer): Promise<void> {
  for (const name of await readdir(objects, { recursive: true })) {
    if (!/^[0-9a-f]{2}\/|\.pack$/.test(name)) continue
    const file = join(objects, name)
    await chmod(file, 0o600)
    await writeFile(file, damaged(await readFile(file)))
  }
}
