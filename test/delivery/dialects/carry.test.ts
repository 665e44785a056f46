import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { carry, type Place } from '../../../src/delivery/dialects/carry.js'
import { DIALECT_NAMES, DIALECTS, type DialectName } from '../../../src/delivery/dialects/dialect.js'
import { ownNamesOf } from '../../../src/delivery/dialects/workspace-names.js'
import { applyOperations } from '../../../src/delta/apply.js'
import type { Operation } from '../../../src/delta/operation.js'
import { orderOperations } from '../../../src/delta/order.js'

const FOREIGN = DIALECT_NAMES.filter((name) => name !== 'ce-delta')
const ANYWHERE: Place = { ownNames: ownNamesOf('/home/ada/project'), hasFolder: () => false }
const [OWN] = [...ANYWHERE.ownNames]

const created = (path: string): Operation => ({ kind: 'created', path, blob: '1' })
const moved = (source: string, path: string): Operation => ({ kind: 'moved', source, path, blob: '1' })
const carried = (dialect: DialectName, operations: readonly Operation[], place = ANYWHERE) =>
  carry(operations, DIALECTS[dialect], place)

describe('moves', () => {
  test.each(['P0', 'S1', 'S2', 'A3'] as const)('stay moves where %s makes them safe', (dialect) => {
    expect(carried(dialect, [moved('a', 'b')]).operations).toEqual([moved('a', 'b')])
  })

  test.each(['A1', 'unknown', 'unknown, at once'] as const)('are a deletion and a creation for %s', (dialect) => {
    expect(carried(dialect, [moved('a', 'b')]).operations).toEqual([{ kind: 'deleted', path: 'a' }, created('b')])
  })

  test.each(['x/files/created/b', 'files/moved/b', 'my_files/updated/b'])(
    'to %s could be taken for content',
    (path) => {
      expect(carried('S2', [moved('a', path)]).operations).toEqual([{ kind: 'deleted', path: 'a' }, created(path)])
    },
  )

  test('to a path that cannot be are a deletion, and the file is named', () => {
    const { operations, leftBehind } = carried('S2', [moved('a', '.codebase/a')])
    expect(operations).toEqual([{ kind: 'deleted', path: 'a' }])
    expect(leftBehind).toMatchObject([{ path: '.codebase/a' }])
  })
})

test.each(FOREIGN)('%s: what the server keeps for itself is named and not sent', (dialect) => {
  const paths = ['.codebase/cache.json', '.remote-git', '.context-engine/x', `${OWN}/a`, `${OWN}_old/a`]
  const { operations, leftBehind } = carried(dialect, [...paths, 'x/.codebase/y', `x/${OWN}`].map(created))
  expect(leftBehind.map(({ path }) => path)).toEqual(paths)
  expect(operations.map(({ path }) => path)).toEqual(['x/.codebase/y', `x/${OWN}`])
})

test.each(['P0', 'S1'] as const)('%s: a file cannot be where a folder stood', (dialect) => {
  const place = { ...ANYWHERE, hasFolder: (path: string) => path === 'a' }
  expect(carried(dialect, [created('a'), created('b')], place)).toMatchObject({
    operations: [created('b')],
    leftBehind: [{ path: 'a' }],
  })
})

test('the own name of a workspace is its last component and a key, or the component where it has one', () => {
  const slug = 'project-0123456789abcdef'
  expect([...ownNamesOf(`/work/${slug}/`)]).toEqual([slug, `${slug}_old`])
  expect(OWN).toMatch(/^project-[0-9a-f]{16}$/)
  expect(ownNamesOf('/somewhere/else/project')).toEqual(ANYWHERE.ownNames)
})

const PATHS = ['a', 'a/b', 'b', 'b/files/created/a', 'files/moved/b', 'metadata/operations.json', 'c/d/manifest.json']
const trees = fc.dictionary(fc.constantFrom(...PATHS), fc.constantFrom('1', '2')).map(withoutConflicts)

test.each(FOREIGN)('%s: what is rewritten has the same effect', (dialect) => {
  fc.assert(
    fc.property(trees, trees, (base, target) => {
      const operations = orderOperations(changes(base, target))
      const { operations: rewritten, leftBehind } = carried(dialect, operations)
      expect(leftBehind).toEqual([])
      expect(applyOperations(base, rewritten)).toEqual(target)
    }),
    { numRuns: 300 },
  )
})

/** A path that is a file has nothing below it. */
function withoutConflicts(files: Readonly<Record<string, string>>): Map<string, string> {
  const paths = Object.keys(files)
  const isFree = (path: string): boolean => !paths.some((other) => path.startsWith(`${other}/`))
  return new Map(Object.entries(files).filter(([path]) => isFree(path)))
}

function changes(base: ReadonlyMap<string, string>, target: ReadonlyMap<string, string>) {
  const removed = [...base.keys()].filter((path) => !target.has(path))
  const added = [...target].filter(([path, blob]) => base.get(path) !== blob)
  const sources = new Set<string>()
  return [
    ...added.map(([path, blob]) => {
      if (base.has(path)) return { kind: 'updated', path, blob } as const
      const source = removed.find((gone) => base.get(gone) === blob && !sources.has(gone))
      if (source === undefined) return { kind: 'created', path, blob } as const
      sources.add(source)
      return { kind: 'renamed', path, source, blob } as const
    }),
    ...removed.filter((path) => !sources.has(path)).map((path) => ({ kind: 'removed', path }) as const),
  ]
}
