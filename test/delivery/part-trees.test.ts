import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { PartTrees } from '../../src/delivery/part-trees.js'
import { deltaOf } from '../../src/delivery/prepare.js'
import { applyOperations } from '../../src/delta/apply.js'
import { openShadow } from '../../src/snapshot/shadow.js'
import { storeBlob, treeOfFiles } from '../../src/snapshot/trees.js'
import { TreesBetween } from '../../src/snapshot/trees-between.js'
import { locateWorkspace } from '../../src/snapshot/workspace.js'
import { EMPTY_TREE } from '../../src/support/git.js'
import { gitEnvironment, gitRepository } from '../helpers/workspace.js'

/** Where a slash would stand: before it and after it in the order of bytes. */
const PATHS = ['1', 'a', 'a/b', 'a/b-', 'a/b/c', 'a/b/d', 'a/b0', 'a-', 'a-/b', 'a0', 'b/a', 'b/line\nbreak', 'ü']
const path = fc.constantFrom(...PATHS)
const files = fc
  .uniqueArray(fc.tuple(path, fc.constantFrom('1', '2', '3')), { selector: ([name]) => name, minLength: 4 })
  .map((entries) => new Map(entries.filter(([name]) => !entries.some(([other]) => other.startsWith(`${name}/`)))))

describe('the trees that the parts of a delta lead to', () => {
  test('have what their operations leave, wherever the delta is cut', async () => {
    const shadow = await openShadow(await locateWorkspace(await gitRepository(), gitEnvironment()))
    const blobs = new Map<string, string>()
    for (const content of ['1', '2', '3']) blobs.set(content, await storeBlob(shadow, content))
    const withBlobs = (contents: ReadonlyMap<string, string>) =>
      new Map([...contents].map(([name, content]) => [name, blobs.get(content) ?? '']))
    const treeOf = async (held: ReadonlyMap<string, string>): Promise<string> =>
      held.size === 0
        ? EMPTY_TREE
        : await treeOfFiles(
            shadow,
            [...held].map(([name, blob]) => ({ path: name, blob })),
          )
    await fc.assert(
      fc.asyncProperty(files, files, fc.integer({ min: 1, max: 3 }), async (before, after, size) => {
        let held = withBlobs(before)
        const delta = await deltaOf(shadow, await treeOf(held), await treeOf(withBlobs(after)))
        const trees = new PartTrees(shadow, delta)
        for (let at = 0; at < delta.operations.length; at += size) {
          const part = delta.operations.slice(at, at + size)
          held = applyOperations(held, part)
          expect(await trees.after(part, delta.operations[at + size])).toBe(await treeOf(held))
        }
      }),
      { numRuns: 25, seed: 20_261_126, endOnFailure: true },
    )
  })

  test('are not made up where one of them is gone', async () => {
    const shadow = await openShadow(await locateWorkspace(await gitRepository(), gitEnvironment()))
    const trees = new TreesBetween(shadow, EMPTY_TREE, '1'.repeat(40))
    await expect(trees.upTo('a')).rejects.toMatchObject({ code: 'objects-missing' })
  })
})
