import { describe, expect, test } from '@jest/globals'
import type { IgnoredFiles } from '../../src/snapshot/ignored-files.js'
import { recall, type ScanRecord, waitingAfter } from '../../src/snapshot/scan-record.js'
import { gitignoreNews } from '../../src/snapshot/status.js'

const BASIS = { own: 'own\n', userIndex: '1', shadowIndex: '2' }
const RECORD: ScanRecord = { rules: 'r', ignored: { ...BASIS, waiting: ['dist/a', 'dist/\xff'] } }

describe('what git said of ignored files', () => {
  test('is recalled where all that it depends on is the same, as bytes', () => {
    const forced = [Buffer.from('dist/a'), Buffer.from([...Buffer.from('dist/'), 0xff])]
    expect(recall(RECORD, BASIS)).toEqual({ inSnapshot: [], forced, isCertain: true, isRemembered: true })
  })

  test.each([
    ['a rule of our own differs', { ...BASIS, own: '' }],
    ['the index of the user differs', { ...BASIS, userIndex: '3' }],
    ['the index of the shadow differs', { ...BASIS, shadowIndex: '3' }],
  ])('is not recalled where %s', (_, basis) => {
    expect(recall(RECORD, basis)).toBeNull()
  })

  test('is not recalled where nothing was remembered', () => {
    expect(recall(null, BASIS)).toBeNull()
    expect(recall({ rules: 'r', ignored: null }, BASIS)).toBeNull()
  })
})

describe('the tracked files that a rule matches and the snapshot has not', () => {
  const answer = { forced: ['a', 'b', 'c'], inSnapshot: ['a', 'x'], isCertain: true, isRemembered: false }

  test.each([
    ['are those that were not added', answer, ['b'], ['x'], ['c']],
    ['are those that left it too', answer, [], ['a', 'x'], ['a', 'b', 'c']],
    [
      'are what was remembered, as long as they are',
      { ...answer, inSnapshot: [], isRemembered: true },
      ['b'],
      [],
      ['a', 'c'],
    ],
    [
      'are not known where something left and only the rest was remembered',
      { ...answer, isRemembered: true },
      [],
      ['z'],
      null,
    ],
    ['are not known where git could not read a rule', { ...answer, isCertain: false }, [], [], null],
  ])('%s', (_, { forced, inSnapshot, ...rest }, added, removed, waiting) => {
    const found: IgnoredFiles = { ...rest, forced: bytes(forced), inSnapshot: bytes(inSnapshot) }
    expect(waitingAfter(found, { added: keys(added), removed: keys(removed) })).toEqual(waiting)
  })
})

describe('the news of .gitignore files in the trace of git status', () => {
  const data = (key: string, value: string | number): string =>
    JSON.stringify({ event: 'data', category: 'read_directory', key, value })
  const quiet = [data('opendir', '0'), data('gitignore-invalidation', '0')]

  test.each([
    ['none: no folder was listed, no file differs', quiet, 'as before'],
    ['a folder was listed anew', [data('opendir', '1'), data('gitignore-invalidation', 0)], 'may differ'],
    ['a file differs', [data('opendir', 0), data('gitignore-invalidation', '2')], 'may differ'],
    [
      'one of two looks found something',
      [...quiet, data('opendir', 1), data('gitignore-invalidation', 0)],
      'may differ',
    ],
    ['a number that is none', [data('opendir', 'many'), data('gitignore-invalidation', 0)], 'may differ'],
    ['git does without its cache', [data('directories-visited', 7)], 'not told'],
    ['only half of it is told', [data('opendir', 0)], 'not told'],
    ['git is too old to tell', [], 'not told'],
    ['a line that is cut off', [data('opendir', 0), data('gitignore-invalidation', 0).slice(0, -3)], 'not told'],
  ])('%s', (_, lines, news) => {
    expect(gitignoreNews(['{"event":"start"}', ...lines, ''].join('\n'))).toBe(news)
  })
})

function bytes(names: readonly string[]): Buffer[] {
  return names.map((name) => Buffer.from(name))
}

function keys(names: readonly string[]): Map<string, Buffer> {
  return new Map(names.map((name) => [name, Buffer.from(name)]))
}
