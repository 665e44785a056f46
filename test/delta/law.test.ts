import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { applyOperations } from '../../src/delta/apply.js'
import type { Operation } from '../../src/delta/operation.js'
import { orderOperations } from '../../src/delta/order.js'
import { type PlanOptions, planParts } from '../../src/delta/plan.js'
import { compareBytes } from '../../src/support/paths.js'
import { changesBetween, HOSTILE_NAMES, inWords, isValidTree, type Tree, tree, treePairs } from '../helpers/trees.js'
import { readTree, temporaryDirectory, writeTree } from '../helpers/workspace.js'

const RUNS = { seed: 37, numRuns: 1000 }

const pairs = treePairs()
const choices = fc.nat(9)

describe('faults.md row 37: operations applied one after another give the target', () => {
  const situations: { situation: string; base: Tree; target: Tree; operations: string[] }[] = [
    {
      situation: 'nothing changed',
      base: tree({ a: '1', 'b/c': '2' }),
      target: tree({ a: '1', 'b/c': '2' }),
      operations: [],
    },
    { situation: 'nothing is there, before and after', base: tree(), target: tree(), operations: [] },
    {
      situation: 'the first snapshot',
      base: tree(),
      target: tree({ 'b/c': '2', a: '1' }),
      operations: ['created a', 'created b/c'],
    },
    {
      situation: 'everything is gone',
      base: tree({ a: '1', 'b/c/d': '2', 'b/e': '3' }),
      target: tree(),
      operations: ['deleted b/c/d', 'deleted b/e', 'deleted a'],
    },
    {
      situation: 'two files swap their contents',
      base: tree({ a: '1', b: '2' }),
      target: tree({ a: '2', b: '1' }),
      operations: ['updated a', 'updated b'],
    },
    {
      situation: 'three files pass their contents round',
      base: tree({ a: '1', b: '2', c: '3' }),
      target: tree({ a: '3', b: '1', c: '2' }),
      operations: ['updated a', 'updated b', 'updated c'],
    },
    {
      situation: 'two folders swap their names',
      base: tree({ 'x/f': '1', 'x/g': '2', 'y/f': '3' }),
      target: tree({ 'y/f': '1', 'y/g': '2', 'x/f': '3' }),
      operations: ['moved x/g → y/g', 'updated x/f', 'updated y/f'],
    },
    {
      situation: 'a chain of renames, each onto the next name',
      base: tree({ a: '1', b: '2', c: '3' }),
      target: tree({ b: '1', c: '2', d: '3' }),
      operations: ['deleted a', 'updated b', 'updated c', 'created d'],
    },
    {
      situation: 'renames that do not touch each other',
      base: tree({ 'old/a': '1', 'old/b': '2' }),
      target: tree({ 'new/a': '1', 'new/b': '2' }),
      operations: ['moved old/a → new/a', 'moved old/b → new/b'],
    },
    {
      situation: 'a file becomes a folder',
      base: tree({ a: '1' }),
      target: tree({ 'a/b': '2', 'a/c/d': '3' }),
      operations: ['deleted a', 'created a/b', 'created a/c/d'],
    },
    {
      situation: 'a folder becomes a file',
      base: tree({ 'a/b': '1', 'a/c/d': '2' }),
      target: tree({ a: '3' }),
      operations: ['deleted a/c/d', 'deleted a/b', 'created a'],
    },
    {
      situation: 'a file moves below itself',
      base: tree({ a: '1' }),
      target: tree({ 'a/b': '1' }),
      operations: ['deleted a', 'created a/b'],
    },
    {
      situation: 'a file takes the place of its folder',
      base: tree({ 'a/b': '1' }),
      target: tree({ a: '1' }),
      operations: ['deleted a/b', 'created a'],
    },
    {
      situation: 'a move takes the place of a folder that another move empties',
      base: tree({ x: '1', 'd/f': '2' }),
      target: tree({ d: '1', g: '2' }),
      operations: ['deleted x', 'moved d/f → g', 'created d'],
    },
    {
      situation: 'a move goes below a file that another move takes away',
      base: tree({ x: '1', s: '2' }),
      target: tree({ 's/y': '1', t: '2' }),
      operations: ['deleted x', 'moved s → t', 'created s/y'],
    },
    {
      situation: 'two moves exchange a file and a folder',
      base: tree({ a: '1', 'b/c': '2' }),
      target: tree({ 'a/c': '2', b: '1' }),
      operations: ['deleted b/c', 'deleted a', 'created a/c', 'created b'],
    },
    {
      situation: 'a move takes the place of a folder whose files are deleted',
      base: tree({ x: '1', 'd/e/f': '2', 'd/g': '3' }),
      target: tree({ d: '1' }),
      operations: ['deleted d/e/f', 'deleted d/g', 'moved x → d'],
    },
    {
      situation: 'a move goes below a file that is deleted',
      base: tree({ x: '1', s: '2' }),
      target: tree({ 's/y': '1' }),
      operations: ['deleted s', 'moved x → s/y'],
    },
    {
      situation: 'only the case of a name changes',
      base: tree({ Readme: '1', 'Src/a': '2' }),
      target: tree({ README: '1', 'src/a': '2' }),
      operations: ['moved Src/a → src/a', 'moved Readme → README'],
    },
    {
      situation: 'a file is renamed and its old name is used again',
      base: tree({ a: '1' }),
      target: tree({ a: '2', b: '1' }),
      operations: ['updated a', 'created b'],
    },
    {
      situation: 'a file is renamed over another one',
      base: tree({ a: '1', b: '2' }),
      target: tree({ b: '1' }),
      operations: ['deleted a', 'updated b'],
    },
    {
      situation: 'one of two equal files is renamed',
      base: tree({ a: '1', b: '1' }),
      target: tree({ a: '1', c: '1' }),
      operations: ['moved b → c'],
    },
    {
      situation: 'two equal files are renamed',
      base: tree({ a: '1', b: '1' }),
      target: tree({ c: '1', d: '1' }),
      operations: ['moved a → c', 'moved b → d'],
    },
    {
      situation: 'a file is replaced by two copies of it',
      base: tree({ a: '1' }),
      target: tree({ b: '1', c: '1' }),
      operations: ['moved a → b', 'created c'],
    },
    {
      situation: 'two copies become one file',
      base: tree({ a: '1', b: '1' }),
      target: tree({ c: '1' }),
      operations: ['deleted b', 'moved a → c'],
    },
    {
      situation: 'names that objects have by themselves (row 48)',
      base: tree({ ['__proto__']: '1', constructor: '2', 'toString/valueOf': '3' }),
      target: tree({ '__proto__/constructor': '4', hasOwnProperty: '2', toString: '5' }),
      operations: [
        'deleted toString/valueOf',
        'deleted __proto__',
        'moved constructor → hasOwnProperty',
        'created __proto__/constructor',
        'created toString',
      ],
    },
  ]

  test.each(situations)('$situation', ({ base, target, operations }) => {
    const ordered = orderOperations(changesBetween(base, target))

    expect(ordered.map(inWords)).toEqual(operations)
    expect(applyOperations(base, ordered)).toEqual(target)
  })

  test.each(situations)('and back again: $situation', ({ base, target }) => {
    expect(applyOperations(target, orderOperations(changesBetween(target, base)))).toEqual(base)
  })
})

describe('for any two snapshots', () => {
  test('the operations give the target', () => {
    fc.assert(
      fc.property(pairs, choices, ({ base, target }, choice) => {
        expect(applyOperations(base, orderOperations(changesBetween(base, target, choice)))).toEqual(target)
      }),
      RUNS,
    )
  })

  test('every prefix of the operations leaves a valid tree, which the rest completes', () => {
    fc.assert(
      fc.property(pairs, choices, ({ base, target }, choice) => {
        const operations = orderOperations(changesBetween(base, target, choice))
        let state: Tree = base
        operations.forEach((operation, done) => {
          state = applyOperations(state, [operation])
          expect(isValidTree(state)).toBe(true)
          expect(applyOperations(state, operations.slice(done + 1))).toEqual(target)
        })
      }),
      RUNS,
    )
  })

  test('a snapshot differs from itself by nothing', () => {
    fc.assert(
      fc.property(pairs, ({ base }) => {
        expect(orderOperations(changesBetween(base, base))).toEqual([])
      }),
      RUNS,
    )
  })

  test('deletions come first, deepest first; then moves; then contents, folder by folder', () => {
    fc.assert(
      fc.property(pairs, choices, ({ base, target }, choice) => {
        const operations = orderOperations(changesBetween(base, target, choice))
        const ofStage = (wanted: number) => operations.filter((operation) => stage(operation) === wanted)

        expect(isAscending(operations.map(stage))).toBe(true)
        expect(isAscending(ofStage(0).map(({ path }) => -path.split('/').length))).toBe(true)
        expect(isAscending(ofStage(1).map(({ path }) => path.length))).toBe(true)
        const contents = ofStage(2).map(({ path }) => path)
        expect(contents).toEqual([...contents].sort(compareBytes))
      }),
      RUNS,
    )
  })

  test('the order in which git lists the changes does not matter', () => {
    const shuffled = fc.tuple(pairs, choices).chain(([{ base, target }, choice]) => {
      const changes = changesBetween(base, target, choice)
      return fc.tuple(fc.constant(changes), fc.shuffledSubarray(changes, { minLength: changes.length }))
    })
    fc.assert(
      fc.property(shuffled, ([changes, mixed]) => {
        expect(orderOperations(mixed)).toEqual(orderOperations(changes))
      }),
      RUNS,
    )
  })

  test('a file system that knows nothing of this code ends with the target too', async () => {
    await fc.assert(
      fc.asyncProperty(treePairs('plain'), choices, async ({ base, target }, choice) => {
        const root = await temporaryDirectory()
        await writeTree(root, base)
        for (const operation of orderOperations(changesBetween(base, target, choice))) await carryOut(root, operation)

        const found = [...(await readTree(root))].map(([path, content]) => [path, content.toString()] as const)
        expect(new Map(found)).toEqual(target)
      }),
      { seed: 37, numRuns: 300 },
    )
  })

  test('the generator reaches the situations that are hard', () => {
    const reached = new Map<string, number>()
    const note = (situation: string, found: boolean) =>
      reached.set(situation, (reached.get(situation) ?? 0) + Number(found))
    for (const { base, target } of fc.sample(pairs, RUNS)) {
      const changes = changesBetween(base, target)
      const operations = orderOperations(changes)
      const renames = changes.filter(({ kind }) => kind === 'renamed').length
      const moves = operations.filter(({ kind }) => kind === 'moved').length
      const paths = [...base.keys(), ...target.keys()]
      note('a move', moves > 0)
      note('several moves', moves > 1)
      note('a rename that cannot be a move', renames > moves)
      note('a file becomes a folder', crosses(base, target))
      note('a folder becomes a file', crosses(target, base))
      for (const name of HOSTILE_NAMES)
        note(
          name,
          paths.some((path) => path.split('/').includes(name)),
        )
    }
    expect([...reached].filter(([, times]) => times < 10)).toEqual([])
  })
})

describe('a delta split into parts', () => {
  const options = fc.record({
    limits: fc.record({ operations: fc.integer({ min: 1, max: 6 }), bytes: fc.integer({ min: 1, max: 60 }) }),
    sizeOf: fc.constant((blob: string) => Number(blob) * 9),
    movesCarryContent: fc.boolean(),
  })

  function forAnyPlan(check: (operations: Operation[], options: PlanOptions) => void): void {
    fc.assert(
      fc.property(pairs, options, ({ base, target }, chosen) =>
        check(orderOperations(changesBetween(base, target)), chosen),
      ),
      RUNS,
    )
  }

  test('put together again it is the same delta, also where it ends after any of them', () => {
    fc.assert(
      fc.property(pairs, options, ({ base, target }, chosen) => {
        const operations = orderOperations(changesBetween(base, target))
        const parts = planParts(operations, chosen)
        expect(parts.flatMap((part) => asPlanned(operations, part))).toEqual(operations)

        const state = parts.reduce((reached, part) => {
          const next = applyOperations(
            reached,
            part.map(({ operation }) => operation),
          )
          expect(isValidTree(next)).toBe(true)
          return next
        }, base)
        expect(state).toEqual(target)
      }),
      RUNS,
    )
  })

  test('within a part no content comes after one whose name ends with its own (protocol.md §2, 3)', () => {
    forAnyPlan((operations, chosen) => {
      for (const part of planParts(operations, chosen)) {
        const contents = part.filter(({ operation }) => stage(operation) === 2).map(({ operation }) => operation.path)
        expect(isAscending(contents.map(({ length }) => length))).toBe(true)
        contents.forEach((path, index) => {
          expect(contents.slice(0, index).filter((earlier) => earlier.endsWith(path))).toEqual([])
        })
      }
    })
  })

  test('no part is empty or above the limits, except a single file that is too large by itself', () => {
    forAnyPlan((operations, chosen) => {
      for (const part of planParts(operations, chosen)) {
        expect(part.length).toBeGreaterThan(0)
        expect(part.length).toBeLessThanOrEqual(chosen.limits.operations)
        if (part.length > 1) expect(bytesOf(part)).toBeLessThanOrEqual(chosen.limits.bytes)
      }
    })
  })

  test('no part could have taken the first operation of the next one', () => {
    forAnyPlan((operations, chosen) => {
      const parts = planParts(operations, chosen)
      parts.slice(1).forEach((part, index) => {
        const before = parts[index] ?? []
        const [first] = asPlanned(operations, part)
        const bytes = part.find(({ operation }) => operation === first)?.bytes ?? 0
        const fits = bytesOf(before) + bytes <= chosen.limits.bytes
        expect(before.length < chosen.limits.operations && fits).toBe(false)
      })
    })
  })

  test('the bytes of a part are those of the contents that travel in it', () => {
    forAnyPlan((operations, chosen) => {
      for (const { operation, carriesContent, bytes } of planParts(operations, chosen).flat()) {
        const travels = operation.kind !== 'deleted' && (operation.kind !== 'moved' || chosen.movesCarryContent)
        expect(carriesContent).toBe(travels)
        expect(bytes).toBe(travels ? chosen.sizeOf(operation.blob) : 0)
      }
    })
  })
})

/** The operations of a part in the order of the delta that it is a part of. */
function asPlanned(operations: readonly Operation[], part: readonly { readonly operation: Operation }[]): Operation[] {
  const inPart = new Set(part.map(({ operation }) => operation))
  return operations.filter((operation) => inPart.has(operation))
}

function stage(operation: Operation): number {
  return operation.kind === 'deleted' ? 0 : operation.kind === 'moved' ? 1 : 2
}

function isAscending(numbers: readonly number[]): boolean {
  return numbers.every((number, index) => index === 0 || number >= (numbers[index - 1] ?? 0))
}

function bytesOf(part: readonly { readonly bytes: number }[]): number {
  return part.reduce((sum, { bytes }) => sum + bytes, 0)
}

/** Whether a file of the one is a folder of the other. */
function crosses(files: Tree, folders: Tree): boolean {
  return [...files.keys()].some((file) => [...folders.keys()].some((path) => path.startsWith(`${file}/`)))
}

/** One operation on plain files, as the simplest receiver would do it: folders come and go with their files. */
async function carryOut(root: string, operation: Operation): Promise<void> {
  const file = join(root, operation.path)
  if (operation.kind === 'deleted') {
    await rm(file)
    return removeEmptyFolders(root, dirname(file))
  }
  await mkdir(dirname(file), { recursive: true })
  if (operation.kind !== 'moved') return writeTree(root, { [operation.path]: operation.blob })
  const source = join(root, operation.source)
  await rename(source, file)
  await removeEmptyFolders(root, dirname(source))
}

async function removeEmptyFolders(root: string, folder: string): Promise<void> {
  if (folder === root || (await readdir(folder)).length > 0) return
  await rmdir(folder)
  await removeEmptyFolders(root, dirname(folder))
}
