import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { editTree, type TreeEdit } from '../../src/snapshot/changed-tree.js'
import { openShadow, type Shadow } from '../../src/snapshot/shadow.js'
import { storeBlob, treeOfFiles } from '../../src/snapshot/trees.js'
import { locateWorkspace } from '../../src/snapshot/workspace.js'
import { EMPTY_TREE } from '../../src/support/git.js'
import { git, gitEnvironment, gitRepository } from '../helpers/workspace.js'

type Files = ReadonlyMap<string, string>
type Edit = readonly [path: string, content: string | null]

/** Files and folders get into each other's way; some names need quotes. */
const PATHS = ['a', 'a/b', 'a/b/c', 'a/d', 'b', 'b/a', 'ü "\\', ' ', 'b/"', 'tab\there']
const edit: fc.Arbitrary<Edit> = fc.tuple(fc.constantFrom(...PATHS), fc.constantFrom('1', '2', '', null))

/** The model: a path takes the place of what is below it, and of what stands where its folders would be. */
function edited(files: Files, edits: readonly Edit[]): Files {
  const result = new Map(files)
  for (const [path, content] of edits) {
    for (const other of [...result.keys()]) {
      const isInTheWay = other.startsWith(`${path}/`) || (content !== null && path.startsWith(`${other}/`))
      if (other === path || isInTheWay) result.delete(other)
    }
    if (content !== null) result.set(path, content)
  }
  return result
}

async function shadowOfNew(): Promise<Shadow> {
  return await openShadow(await locateWorkspace(await gitRepository(), gitEnvironment()))
}

describe('editing a tree', () => {
  test('gives the tree of the files that the model has', async () => {
    const shadow = await shadowOfNew()
    const blobs = new Map<string, string>()
    for (const content of ['1', '2', '']) blobs.set(content, await storeBlob(shadow, content))
    const blobOf = (content: string): string => blobs.get(content) ?? ''
    const treeOf = async (files: Files): Promise<string> =>
      await treeOfFiles(
        shadow,
        [...files].map(([path, content]) => ({ path, blob: blobOf(content) })),
      )
    const asEdits = (edits: readonly Edit[]): TreeEdit[] =>
      edits.map(([path, content]) => ({ name: Buffer.from(path), blob: content === null ? null : blobOf(content) }))
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { maxLength: 6 }), fc.array(edit, { maxLength: 6 }), async (first, then) => {
        const base = edited(new Map(), first)
        const tree = await editTree(shadow, await treeOf(base), asEdits(then))
        expect(tree).toBe(await treeOf(edited(base, then)))
      }),
      { numRuns: 20, seed: 20_261_126, endOnFailure: true },
    )
  })

  test('to nothing gives the empty tree', async () => {
    const shadow = await shadowOfNew()
    const blob = await storeBlob(shadow, '1')
    expect(await editTree(shadow, EMPTY_TREE, [])).toBe(EMPTY_TREE)
    const full = await editTree(shadow, EMPTY_TREE, [{ name: Buffer.from('a/b'), blob }])
    expect(await editTree(shadow, full, [{ name: Buffer.from('a/b'), blob: null }])).toBe(EMPTY_TREE)
  })

  test('keeps names apart that differ in case, where the file system does not', async () => {
    const shadow = await shadowOfNew()
    await git(shadow.directory, 'config', '--file', 'config', 'core.ignoreCase', 'true')
    const [one, two] = [await storeBlob(shadow, '1'), await storeBlob(shadow, '2')]
    const both = [
      { name: Buffer.from('dir/A'), blob: one },
      { name: Buffer.from('dir/a'), blob: two },
    ] as const
    const expected = await treeOfFiles(shadow, [
      { path: 'dir/A', blob: one },
      { path: 'dir/a', blob: two },
    ])
    expect(await editTree(shadow, EMPTY_TREE, both)).toBe(expected)
    const removal = { name: Buffer.from('dir/A'), blob: null }
    expect(await editTree(shadow, expected, [removal])).toBe(await treeOfFiles(shadow, [{ path: 'dir/a', blob: two }]))
  })

  test('takes names of any bytes', async () => {
    const shadow = await shadowOfNew()
    const name = Buffer.from([0x61, 0x2f, 0xff, 0x0a, 0x22])
    const tree = await editTree(shadow, EMPTY_TREE, [{ name, blob: await storeBlob(shadow, '1') }])
    expect(await editTree(shadow, tree, [{ name, blob: null }])).toBe(EMPTY_TREE)
  })

  test('says that objects are missing where a blob is', async () => {
    const edits = [{ name: Buffer.from('a'), blob: '1'.repeat(40) }]
    await expect(editTree(await shadowOfNew(), EMPTY_TREE, edits)).rejects.toMatchObject({ code: 'objects-missing' })
  })
})
