import { expect, test } from '@jest/globals'
import { DIALECTS, type DialectName } from '../../../src/delivery/dialects/dialect.js'
import { foldersAside, nextWay, oldFoldersOf, type Way } from '../../../src/delivery/dialects/folders-aside.js'
import { stepsFor } from '../../../src/delivery/dialects/steps.js'
import type { Operation } from '../../../src/delta/operation.js'

const OPTIONS = { asides: [], isForced: false }
const created = (path: string): Operation => ({ kind: 'created', path, blob: '1' })
const words = (
  operations: readonly Operation[],
  dialect = DIALECTS.S2,
  options: Parameters<typeof stepsFor>[2] = OPTIONS,
) =>
  stepsFor(operations, dialect, options).steps.map(({ operation, carriesContent }) => {
    const source = 'source' in operation ? `${operation.source} > ` : ''
    return `${operation.kind} ${source}${operation.path}${carriesContent ? ' +' : ''}`
  })

const MIXED: Operation[] = [
  { kind: 'deleted', path: 'gone' },
  { kind: 'moved', source: 'from', path: 'to', blob: '2' },
  created('a/long/name'),
  created('b'),
]

test('deletions, moves with their content, then contents with the shortest names first', () => {
  expect(words(MIXED)).toEqual(['deleted gone', 'moved from > to +', 'created b +', 'created a/long/name +'])
})

test('the source of a move is deleted where it would stay', () => {
  expect(words(MIXED, DIALECTS.S1).slice(1, 3)).toEqual(['moved from > to +', 'deleted from'])
})

test('an empty folder goes when nothing is moved out of it any more, and before the file comes', () => {
  const aside = { source: 'b', path: 'elsewhere', mayBeFile: false }
  const contents = words(MIXED, DIALECTS.S2, { ...OPTIONS, asides: [aside] })
  expect(contents.slice(1, 4)).toEqual(['moved from > to +', 'folder moved b > elsewhere', 'created b +'])
  const moves = words(MIXED, DIALECTS.S2, { ...OPTIONS, asides: [{ ...aside, source: 'to' }] })
  expect(moves.slice(0, 3)).toEqual(['deleted gone', 'folder moved to > elsewhere', 'moved from > to +'])
  const either = words(MIXED, DIALECTS.S2, { ...OPTIONS, asides: [{ ...aside, mayBeFile: true }] })
  expect(either.slice(2, 4)).toEqual(['deleted b', 'folder moved b > elsewhere'])
})

test('a file that would be taken for metadata travels under another name', () => {
  expect(words([created('x/metadata/operations.json')], DIALECTS.A3)).toEqual([
    'deleted .ce-delta-incoming-0',
    'created .ce-delta-incoming-0 +',
    'moved .ce-delta-incoming-0 > x/metadata/operations.json',
  ])
})

test('a history of our own is there only where a file could be taken for one', () => {
  expect(stepsFor(MIXED, DIALECTS.S2, OPTIONS).guards).toEqual({ hasHistory: false, hasHashes: true })
  const mistakable = stepsFor([created('metadata/git_history.json')], DIALECTS.S2, OPTIONS)
  expect(mistakable.guards).toEqual({ hasHistory: true, hasHashes: true })
  expect(stepsFor(MIXED, DIALECTS.A3, { asides: [], isForced: true }).guards.hasHashes).toBe(false)
})

/** The latest first: `a` was a folder, then a file; `b` a file, then a folder. */
const FOLDERS = oldFoldersOf(['b/x', 'a', 'a/x', 'b'])

test('a folder stands where the latest that was confirmed was below it', () => {
  expect(['a', 'b', 'c'].map(FOLDERS.stands)).toEqual([false, true, false])
  expect(['a', 'b', 'c'].map(FOLDERS.everStood)).toEqual([true, true, false])
})

test('what was below a folder that became a file is gone', () => {
  const folders = oldFoldersOf(['a', 'a/b/c'])
  expect(['a', 'a/b'].map(folders.stands)).toEqual([false, false])
  expect(['a', 'a/b'].map(folders.everStood)).toEqual([true, true])
})

const situation = (name: DialectName, isResync: boolean, way: Way) =>
  ({ dialect: DIALECTS[name], folders: FOLDERS, isResync, way, bundleId: 'id' }) as const

test.each([
  ['A1', false, 'usual', ['b']],
  ['A1', true, 'usual', ['a', 'b']],
  ['S2', false, 'usual', ['b']],
  ['S2', false, 'no folder aside', []],
  ['S2', false, 'every old folder aside', ['a', 'b']],
  ['S2', true, 'usual', []],
  ['S1', false, 'usual', []],
  ['A3', false, 'usual', []],
] as const)('folders moved aside for %s, resync %j, %s: %j', (name, isResync, way, moved) => {
  const asides = foldersAside([created('a'), created('b'), created('c')], situation(name, isResync, way))
  expect(asides.map(({ source }) => source)).toEqual(moved)
})

test('what failed alone is tried without moving folders, then with it, where a folder ever stood', () => {
  expect(nextWay(created('a'), situation('S2', false, 'usual'))).toBe('no folder aside')
  expect(nextWay(created('a'), situation('S2', false, 'no folder aside'))).toBe('every old folder aside')
  expect(nextWay(created('a'), situation('S2', false, 'every old folder aside'))).toBeNull()
  expect(nextWay(created('c'), situation('S2', false, 'usual'))).toBeNull()
  expect(nextWay({ kind: 'deleted', path: 'a' }, situation('S2', false, 'usual'))).toBeNull()
  expect(nextWay(created('a'), situation('S1', false, 'usual'))).toBeNull()
})
