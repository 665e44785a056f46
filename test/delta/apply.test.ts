import { describe, expect, test } from '@jest/globals'
import { applyOperations } from '../../src/delta/apply.js'
import type { Operation } from '../../src/delta/operation.js'
import { type Tree, tree } from '../helpers/trees.js'

const created = (path: string, blob = '9'): Operation => ({ kind: 'created', path, blob })
const updated = (path: string, blob = '9'): Operation => ({ kind: 'updated', path, blob })
const deleted = (path: string): Operation => ({ kind: 'deleted', path })
const moved = (source: string, path: string, blob = '1'): Operation => ({ kind: 'moved', source, path, blob })

describe('operations that can be carried out', () => {
  test.each<{ situation: string; base: Tree; operations: Operation[]; result: Tree }>([
    { situation: 'none at all', base: tree({ a: '1' }), operations: [], result: tree({ a: '1' }) },
    { situation: 'a new file', base: tree(), operations: [created('a/b')], result: tree({ 'a/b': '9' }) },
    { situation: 'a new content', base: tree({ a: '1' }), operations: [updated('a')], result: tree({ a: '9' }) },
    {
      situation: 'a resync creates what is there already',
      base: tree({ 'a/b': '1' }),
      operations: [created('a/b')],
      result: tree({ 'a/b': '9' }),
    },
    { situation: 'a file goes', base: tree({ a: '1', b: '2' }), operations: [deleted('a')], result: tree({ b: '2' }) },
    {
      situation: 'a file moves',
      base: tree({ 'a/b': '1' }),
      operations: [moved('a/b', 'c/d')],
      result: tree({ 'c/d': '1' }),
    },
    {
      situation: 'a folder is free once its last file is gone',
      base: tree({ 'a/b/c': '1', 'a/d': '2' }),
      operations: [deleted('a/b/c'), created('a/b'), deleted('a/d'), deleted('a/b'), created('a')],
      result: tree({ a: '9' }),
    },
    {
      situation: 'a file created twice is one file of its folder',
      base: tree(),
      operations: [created('a/b'), created('a/b'), deleted('a/b'), created('a')],
      result: tree({ a: '9' }),
    },
    {
      situation: 'names that objects have by themselves (row 48)',
      base: tree({ constructor: '1' }),
      operations: [created('__proto__/toString'), deleted('constructor'), created('constructor/__proto__')],
      result: new Map([
        ['__proto__/toString', '9'],
        ['constructor/__proto__', '9'],
      ]),
    },
  ])('$situation', ({ base, operations, result }) => {
    expect(applyOperations(base, operations)).toEqual(result)
  })
})

describe('operations that a file system would refuse', () => {
  test.each<{ situation: string; base: Tree; operations: Operation[]; path: string }>([
    { situation: 'deleting what is not there', base: tree({ a: '1' }), operations: [deleted('b')], path: 'b' },
    { situation: 'deleting a folder', base: tree({ 'a/b': '1' }), operations: [deleted('a')], path: 'a' },
    { situation: 'deleting twice', base: tree({ a: '1' }), operations: [deleted('a'), deleted('a')], path: 'a' },
    { situation: 'updating what is not there', base: tree({ a: '1' }), operations: [updated('b')], path: 'b' },
    { situation: 'updating a folder', base: tree({ 'a/b': '1' }), operations: [updated('a')], path: 'a' },
    { situation: 'moving what is not there', base: tree({ a: '1' }), operations: [moved('b', 'c')], path: 'b' },
    { situation: 'moving onto a folder', base: tree({ a: '1', 'b/c': '2' }), operations: [moved('a', 'b')], path: 'b' },
    { situation: 'moving below a file', base: tree({ a: '1', b: '2' }), operations: [moved('a', 'b/c')], path: 'b/c' },
    { situation: 'creating where a folder is', base: tree({ 'a/b/c': '1' }), operations: [created('a')], path: 'a' },
    { situation: 'creating below a file', base: tree({ a: '1' }), operations: [created('a/b/c')], path: 'a/b/c' },
    {
      situation: 'creating where a folder still has one file',
      base: tree({ 'a/b': '1', 'a/c': '2' }),
      operations: [deleted('a/b'), created('a')],
      path: 'a',
    },
    {
      situation: 'a name that only objects have by themselves',
      base: tree(),
      operations: [deleted('constructor')],
      path: 'constructor',
    },
  ])('$situation', ({ base, operations, path }) => {
    expect(() => applyOperations(base, operations)).toThrow(
      expect.objectContaining({ code: 'bundle-refused', facts: expect.objectContaining({ path }) }),
    )
  })

  test('the base stays as it was, whether the operations fail or not', () => {
    const base = tree({ a: '1', 'b/c': '2' })

    applyOperations(base, [deleted('a'), updated('b/c')])
    expect(() => applyOperations(base, [deleted('b/c'), deleted('nowhere')])).toThrow()

    expect(base).toEqual(tree({ a: '1', 'b/c': '2' }))
  })
})
