import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { annotationCommand, maskCommands, outputLines } from '../../src/report/workflow-commands.js'
import { parseOutputs } from '../helpers/action.js'

describe('faults.md row 99: what came from outside stays a value', () => {
  test('an annotation is one line, and its properties are its own', () => {
    const file = 'a,line=9::b%.ts'
    expect(annotationCommand({ level: 'error', message: 'one\r\n::add-mask::two', file, line: 3, title: 't' })).toBe(
      '::error file=a%2Cline=9%3A%3Ab%25.ts,line=3,title=t::one%0D%0A::add-mask::two',
    )
  })

  test('a secret of several lines is masked line by line; an empty line would mask everything', () => {
    expect(maskCommands('one\n\n \r\ntwo%')).toEqual(['::add-mask::one', '::add-mask::two%25'])
  })

  test('the runner reads the outputs as they were meant, whatever they are', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (reason, other) => {
        const values = { reason, tree: other.replaceAll('\n', '') }
        expect(Object.fromEntries(parseOutputs(outputLines(values, 'mark-1f0e')))).toEqual(values)
      }),
    )
  })
})
