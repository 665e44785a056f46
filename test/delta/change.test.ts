import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { applyOperations } from '../../src/delta/apply.js'
import { type TreeChange, TreeChangesReader } from '../../src/delta/change.js'
import { orderOperations } from '../../src/delta/order.js'
import { changesBetween, HOSTILE_NAMES, type Tree, treePairs } from '../helpers/trees.js'
import { git, gitBytes, gitRepository } from '../helpers/workspace.js'

const FILE = '100644'
const EXECUTABLE = '100755'
const LINK = '120000'

interface Entry {
  readonly path: string
  readonly content: string
  readonly mode?: string
}

/** A repository that makes trees without touching files, so that every name is possible on every system. */
function readInPieces(output: Buffer, size: number): readonly TreeChange[] {
  const reader = new TreeChangesReader()
  for (let at = 0; at < output.length; at += size) reader.take(output.subarray(at, at + size))
  return reader.finish()
}

async function treeMaker() {
  const root = await gitRepository()
  const known = new Map<string, string>()
  const blob = async (content: string): Promise<string> => {
    const id = known.get(content) ?? (await gitBytes(root, ['hash-object', '-w', '--stdin'], content)).toString().trim()
    known.set(content, id)
    return id
  }
  const tree = async (entries: readonly Entry[]): Promise<string> => {
    const lines: string[] = []
    for (const { path, content, mode } of entries) lines.push(`${mode ?? FILE} ${await blob(content)}\t${path}\0`)
    await git(root, 'read-tree', '--empty')
    await gitBytes(root, ['update-index', '-z', '--index-info'], lines.join(''))
    return git(root, 'write-tree')
  }
  const changes = async (base: readonly Entry[], target: readonly Entry[]): Promise<readonly TreeChange[]> => {
    const trees = [await tree(base), await tree(target)]
    const output = await gitBytes(root, ['diff-tree', '-r', '--raw', '-z', '-M100%', ...trees])
    const whole = readInPieces(output, output.length)
    // However it arrives, it is the same.
    for (const size of [1, 7, 100]) expect(readInPieces(output, size)).toEqual(whole)
    return whole
  }
  return { blob, changes }
}

describe('what git diff-tree finds between two trees', () => {
  test('added, modified and removed files', async () => {
    const { blob, changes } = await treeMaker()
    const base = [
      { path: 'changed', content: 'before' },
      { path: 'folder/gone', content: 'gone' },
      { path: 'same', content: 'same' },
    ]
    const target = [
      { path: 'changed', content: 'after' },
      { path: 'folder/new', content: 'new' },
      { path: 'same', content: 'same' },
    ]

    expect(await changes(base, target)).toEqual([
      { kind: 'updated', path: 'changed', blob: await blob('after') },
      { kind: 'removed', path: 'folder/gone' },
      { kind: 'created', path: 'folder/new', blob: await blob('new') },
    ])
  })

  test('nothing, where nothing changed', async () => {
    const { changes } = await treeMaker()
    expect(await changes([{ path: 'a', content: '1' }], [{ path: 'a', content: '1' }])).toEqual([])
  })

  test('a change of mode alone is no change', async () => {
    const { changes } = await treeMaker()
    const script = { path: 'script', content: 'echo' }
    expect(await changes([script], [{ ...script, mode: EXECUTABLE }])).toEqual([])
    expect(await changes([{ ...script, mode: EXECUTABLE }], [script])).toEqual([])
  })

  test('a change of mode together with content is a modified file', async () => {
    const { blob, changes } = await treeMaker()
    const found = await changes(
      [{ path: 'script', content: 'before' }],
      [{ path: 'script', content: 'after', mode: EXECUTABLE }],
    )
    expect(found).toEqual([{ kind: 'updated', path: 'script', blob: await blob('after') }])
  })

  test('a link that became a file is a modified file', async () => {
    const { blob, changes } = await treeMaker()
    const found = await changes([{ path: 'a', content: 'target', mode: LINK }], [{ path: 'a', content: 'text' }])
    expect(found).toEqual([{ kind: 'updated', path: 'a', blob: await blob('text') }])
  })

  test('the same bytes at another path are renamed, also with another mode', async () => {
    const { blob, changes } = await treeMaker()
    const found = await changes(
      [
        { path: 'a', content: 'one' },
        { path: 'b', content: 'two' },
      ],
      [
        { path: 'c/a', content: 'one' },
        { path: 'd', content: 'two', mode: EXECUTABLE },
      ],
    )
    expect(found).toEqual([
      { kind: 'renamed', source: 'a', path: 'c/a', blob: await blob('one') },
      { kind: 'renamed', source: 'b', path: 'd', blob: await blob('two') },
    ])
  })

  test('almost the same bytes at another path are a removed and an added file', async () => {
    const { blob, changes } = await treeMaker()
    const text = 'a long line that stays\n'.repeat(50)
    const found = await changes([{ path: 'a', content: text }], [{ path: 'b', content: `${text}.` }])
    expect(found).toEqual([
      { kind: 'removed', path: 'a' },
      { kind: 'created', path: 'b', blob: await blob(`${text}.`) },
    ])
  })

  test('a copy is an added file', async () => {
    const { blob, changes } = await treeMaker()
    const original = { path: 'a', content: 'text' }
    expect(await changes([original], [original, { path: 'b', content: 'text' }])).toEqual([
      { kind: 'created', path: 'b', blob: await blob('text') },
    ])
  })

  test('a file replaced by several copies is one rename and added files', async () => {
    const { changes } = await treeMaker()
    const target = ['x', 'y', 'z'].map((path) => ({ path, content: 'text' }))
    const found = await changes([{ path: 'a', content: 'text' }], target)
    expect(found.map(({ kind }) => kind).sort()).toEqual(['created', 'created', 'renamed'])
    expect(found.map(({ path }) => path).sort()).toEqual(['x', 'y', 'z'])
  })

  test.each(HOSTILE_NAMES.map((name) => [name]))('the name %j arrives byte by byte (rows 39 and 48)', async (name) => {
    const { blob, changes } = await treeMaker()
    const base = [
      { path: `${name}/changed`, content: 'before' },
      { path: `gone/${name}`, content: 'gone' },
      { path: `from/${name}`, content: 'moved' },
    ]
    const target = [
      { path: `${name}/changed`, content: 'after' },
      { path: `new/${name}`, content: 'new' },
      { path: `to/${name}/${name}`, content: 'moved' },
    ]

    const found = await changes(base, target)

    expect(new Set(found)).toEqual(
      new Set([
        { kind: 'updated', path: `${name}/changed`, blob: await blob('after') },
        { kind: 'removed', path: `gone/${name}` },
        { kind: 'created', path: `new/${name}`, blob: await blob('new') },
        { kind: 'renamed', source: `from/${name}`, path: `to/${name}/${name}`, blob: await blob('moved') },
      ]),
    )
  })

  test('for any two trees, its changes in our order give the target', async () => {
    const { blob, changes } = await treeMaker()
    const entries = (tree: Tree): Entry[] => [...tree].map(([path, content]) => ({ path, content }))
    const withIds = async (tree: Tree): Promise<Tree> => {
      const files = new Map<string, string>()
      for (const [path, content] of tree) files.set(path, await blob(content))
      return files
    }
    await fc.assert(
      fc.asyncProperty(treePairs(), async ({ base, target }) => {
        const found = await changes(entries(base), entries(target))
        expect(applyOperations(await withIds(base), orderOperations(found))).toEqual(await withIds(target))
        // What it finds is what the reference diff finds; of several equal files it may pair others.
        expect(kinds(found)).toEqual(kinds(changesBetween(base, target)))
      }),
      { seed: 37, numRuns: 100 },
    )
  })
})

function kinds(changes: readonly TreeChange[]): string[] {
  return changes.map(({ kind }) => kind).sort()
}

describe('output that git would not print', () => {
  const header = (status: string) => `:100644 100644 ${'1'.repeat(40)} ${'2'.repeat(40)} ${status}`

  test.each([
    ['a status that is not known', `${header('X')}\0path\0`],
    ['a conflict', `${header('U')}\0path\0`],
    ['a copy, which was not asked for', `${header('C100')}\0from\0to\0`],
    ['a header without a status', ':100644 100644 1 2\0path\0'],
    ['something else altogether', 'warning: something\0path\0'],
    ['an end after the header', `${header('M')}\0`],
    ['an end in the middle of the path', `${header('M')}\0pa`],
    ['an end in the middle of a rename', `${header('R100')}\0from\0`],
  ])('%s is refused, not guessed', (_, output) => {
    expect(() => readInPieces(Buffer.from(output), output.length)).toThrow(
      expect.objectContaining({ code: 'internal' }),
    )
  })

  test('an entry that is well formed is read, so the others are refused for what is wrong with them', () => {
    expect(readInPieces(Buffer.from(`${header('M')}\0path\0`), 1000)).toEqual([
      { kind: 'updated', path: 'path', blob: '2'.repeat(40) },
    ])
    expect(readInPieces(Buffer.alloc(0), 1000)).toEqual([])
  })
})
