import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { hasBlock, markedBlock, withBlock, withoutBlock } from '../../src/triggers/hook/marked-block.js'

const BLOCK = markedBlock(['one', 'two'])
const PLACES = ['after the shebang', 'at the end'] as const

describe('faults.md row 56: a block in a file of the user’s', () => {
  test.each([
    ['an empty file', ''],
    ['a hook', '#!/bin/sh\necho hello\nexit 0\n'],
    ['no shebang', 'echo hello\n'],
    ['no newline at the end', '#!/bin/sh\necho hello'],
    ['only a shebang', '#!/bin/sh\n'],
    ['only a shebang, without a newline', '#!/bin/sh'],
    ['line ends of Windows', '#!/bin/sh\r\necho hello\r\n'],
    ['bytes that are not UTF-8', '#!/bin/sh\n# \xff\xfe\n'],
    ['many newlines', '\n\n\n'],
  ])('%s is restored byte for byte', (_, text) => {
    for (const place of PLACES) {
      const installed = withBlock(text, BLOCK, place)
      expect(hasBlock(installed)).toBe(true)
      expect(withBlock(installed, BLOCK, place)).toBe(installed)
      expect(withoutBlock(installed)).toBe(text)
    }
  })

  test('so is any text', () => {
    const line = fc.constantFrom('#!/bin/sh', 'exit 0', '', '\r', '# comment', '\xff')
    const text = fc.tuple(fc.array(line), fc.constantFrom('', '\n')).map(([lines, end]) => lines.join('\n') + end)
    fc.assert(
      fc.property(text, fc.constantFrom(...PLACES), (before, place) => {
        const installed = withBlock(before, BLOCK, place)
        expect(withoutBlock(installed)).toBe(before)
        expect(withoutBlock(withBlock(installed, markedBlock(['newer']), place))).toBe(before)
      }),
    )
  })

  test('it runs before a hook that ends early', () => {
    expect(withBlock('#!/bin/sh\nexit 0\n', BLOCK, 'after the shebang')).toMatch(/^#!\/bin\/sh\n# >>> ce-delta >>>/)
  })

  test('a block without an end is left alone: nobody knows what belongs to it', () => {
    const damaged = '#!/bin/sh\n# >>> ce-delta >>>\necho\n'
    expect(hasBlock(damaged)).toBe(false)
    expect(withoutBlock(damaged)).toBe(damaged)
  })
})
