import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { checkOperations } from '../../src/bundle/check-operations.js'
import { type Manifest, type OperationRecord, parseManifest } from '../../src/bundle/manifest.js'
import { applyOperations } from '../../src/delta/apply.js'
import { countOperations, type Operation } from '../../src/delta/operation.js'
import { checkDifference } from '../../src/receiver/check-difference.js'
import type { ChangedFile } from '../../src/receiver/tree-difference.js'
import { type Tree, tree } from '../helpers/trees.js'

const RUNS = { seed: 91, numRuns: 20_000 }

const written = (kind: 'created' | 'updated', path: string): Operation => ({ kind, path, blob: 'new' })
const deleted = (path: string): Operation => ({ kind: 'deleted', path })
const moved = (source: string, path: string): Operation => ({ kind: 'moved', source, path, blob: 'new' })

describe('faults.md row 91: what operations found is told by what they did', () => {
  const BASE = tree({ a: '1', 'dir/b': '2', 'dir/c': '3' })
  test.each<[string, Operation[], string | null]>([
    ['nothing is in the way', [deleted('dir/b'), moved('a', 'x'), written('updated', 'dir/c')], null],
    ['a file in the place of an emptied folder', [deleted('dir/b'), deleted('dir/c'), written('created', 'dir')], null],
    ['a folder in the place of a removed file', [deleted('a'), written('created', 'a/x')], null],
    ['an update of nothing', [written('updated', 'x')], 'x: there is no such file'],
    ['an update of what was moved away', [moved('a', 'x'), written('updated', 'a')], 'a: there is no such file'],
    ['a deletion of nothing', [deleted('x')], 'x: there is no such file'],
    ['a deletion of a folder', [deleted('dir')], 'dir: there is no such file'],
    ['a file where a folder stands', [written('created', 'dir')], 'dir: a folder stands there'],
    ['a folder where a file stands', [written('created', 'a/x')], 'a/x: a file stands where its folder would be'],
  ])('%s', (_, operations, problem) => {
    const outcome = (): void => checkDifference(operations.map(recordOf), difference(BASE, operations))
    if (problem === null) expect(outcome).not.toThrow()
    else expect(outcome).toThrow(problem)
  })

  test('without a tree before, nothing can be updated, removed or moved', () => {
    expect(() => checkDifference([recordOf(written('created', 'x'))], null)).not.toThrow()
    for (const operation of [written('updated', 'x'), deleted('x'), moved('x', 'y')])
      expect(() => checkDifference([recordOf(operation)], null)).toThrow('x: there is no such file')
  })

  test('law: it lets through what can be carried out one after another, and nothing else', () => {
    const outcomes = { carriedOut: 0, refused: 0 }
    fc.assert(
      fc.property(trees, fc.array(operation, { minLength: 1, maxLength: 4 }), (base, operations) => {
        const records = operations.map(recordOf)
        fc.pre(passes(() => checkOperations(manifestOf(operations), records, new Map())))
        const isPossible = passes(() => applyOperations(base, operations))
        const before = base.size === 0 ? null : difference(base, operations)
        expect(passes(() => checkDifference(records, before))).toBe(isPossible)
        outcomes[isPossible ? 'carriedOut' : 'refused']++
      }),
      RUNS,
    )
    expect(Math.min(outcomes.carriedOut, outcomes.refused)).toBeGreaterThan(1000)
  })
})

const path = fc.constantFrom('a', 'b', 'a/a', 'a/b', 'b/a', 'a/a/a')
const trees = fc
  .uniqueArray(path, { maxLength: 4 })
  .map(
    (paths) =>
      new Map(paths.filter((one) => !paths.some((other) => one.startsWith(`${other}/`))).map((one) => [one, 'old'])),
  )
const operation = fc.oneof(
  fc.tuple(fc.constantFrom('created' as const, 'updated' as const), path).map(([kind, one]) => written(kind, one)),
  path.map(deleted),
  fc.tuple(path, path).map(([source, target]) => moved(source, target)),
)

/** What git finds after fast-import, which asks for nothing: a file takes the place of whatever is in its way. */
function difference(base: Tree, operations: readonly Operation[]): ChangedFile[] {
  const after = new Map(base)
  const remove = (gone: string): void => {
    for (const one of [...after.keys()]) if (one === gone || one.startsWith(`${gone}/`)) after.delete(one)
  }
  for (const one of operations) {
    if (one.kind === 'deleted') remove(one.path)
    if (one.kind === 'moved') remove(one.source)
    if (one.kind === 'deleted') continue
    remove(one.path)
    for (const other of [...after.keys()]) if (one.path.startsWith(`${other}/`)) after.delete(other)
    after.set(one.path, one.blob)
  }
  const paths = [...new Set([...base.keys(), ...after.keys()])]
  return paths
    .map((one) => ({ path: Buffer.from(one), before: base.get(one) ?? null, after: after.get(one) ?? null }))
    .filter(({ before, after }) => before !== after)
}

function recordOf(operation: Operation): OperationRecord {
  const { kind, path } = operation
  const source = operation.kind === 'moved' ? { source_path: operation.source } : {}
  return { operation: kind, path, language: 'text', modified_time: '2025-01-26T01:55:00.000Z', ...source }
}

function manifestOf(operations: readonly Operation[]): Manifest {
  return parseManifest(
    JSON.stringify({
      version: '1.0',
      bundle_id: '00000000-0000-4000-8000-000000000000',
      workspace_path: '/home/ada/project',
      created_at: '2025-01-26T01:55:00.000Z',
      operations: countOperations(operations),
      total_files: operations.length,
      total_size_bytes: 0,
      compression: 'gzip',
      encoding: 'utf-8',
    }),
  )
}

function passes(check: () => unknown): boolean {
  try {
    check()
    return true
  } catch {
    return false
  }
}
