import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  count,
  decodeUtf8,
  escapeBytes,
  formatBytes,
  formatDuration,
  printable,
  splitNul,
} from '../../src/support/text.js'

const runs = { seed: 39, numRuns: 1000 }

describe('faults.md row 39: what came from outside is shown so that it cannot act', () => {
  test.each([
    ['a newline', 'a\nb', 'a\\nb'],
    ['a tab', 'a\tb', 'a\\tb'],
    ['a carriage return', 'a\rb', 'a\\u000db'],
    ['an escape sequence', '\u001b[2J', '\\u001b[2J'],
    ['a bell', '\u0007', '\\u0007'],
    ['a NUL', '\0', '\\u0000'],
    ['a delete', '\u007f', '\\u007f'],
    ['an escape sequence in one character', '\u009b2J', '\\u009b2J'],
    ['a line separator', 'a\u2028b\u2029c', 'a\\u2028b\\u2029c'],
    ['a direction override', 'txt.\u202eexe', 'txt.\\u202eexe'],
    ['a direction isolate', '\u2066x\u2069', '\\u2066x\\u2069'],
    ['several of them', '\n\n\t', '\\n\\n\\t'],
  ])('%s', (_, text, shown) => {
    expect(printable(text)).toBe(shown)
  })

  test.each([[''], ['plain text'], ['ä 日本語 😀 👩‍👩‍👧'], ['"quotes" \\ and `ticks`'], ['a\u0308']])(
    '%j is shown as it is',
    (text) => {
      expect(printable(text)).toBe(text)
    },
  )

  test('nothing that is shown can control a terminal or start a line', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary-ascii' })), (text) => {
        expect(printable(text)).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u)
        expect(printable(printable(text))).toBe(printable(text))
      }),
      runs,
    )
  })
})

describe('faults.md row 40: bytes that are not UTF-8', () => {
  const notText = [
    ['a byte that never occurs', [0xff, 0xfe]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['a character that is cut off', [0x61, 0xe6, 0x97]],
    ['a longer form than needed', [0xc0, 0xaf]],
    ['Latin-1', [0x63, 0x61, 0x66, 0xe9]],
  ] as const

  test.each(notText)('%s is not text', (_, bytes) => {
    expect(decodeUtf8(Uint8Array.from(bytes))).toBeNull()
  })

  test('any text is decoded to itself, a byte order mark included', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.constant('\ufeffmarked')), (text) => {
        expect(decodeUtf8(Buffer.from(text))).toBe(text)
        expect(escapeBytes(Buffer.from(text))).toBe(text)
      }),
      runs,
    )
  })

  test('whatever is decoded has the same bytes again', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 6 }), (bytes) => {
        const text = decodeUtf8(bytes)
        if (text !== null) expect([...Buffer.from(text)]).toEqual([...bytes])
      }),
      runs,
    )
  })

  test.each([
    ['only the bytes that are not text are escaped', Buffer.from('fffe2e62696e', 'hex'), '\\xff\\xfe.bin'],
    ['a surrogate', Buffer.from('eda080', 'hex'), '\\xed\\xa0\\x80'],
    [
      'beside bytes that are not text, letters beyond ASCII are escaped too',
      Buffer.concat([Buffer.from('ä'), Buffer.from([0xff])]),
      '\\xc3\\xa4\\xff',
    ],
  ])('escaped: %s', (_, bytes, shown) => {
    expect(escapeBytes(bytes)).toBe(shown)
  })
})

describe('a listing that ends its fields with NUL', () => {
  const fields = (listing: string) => splitNul(Buffer.from(listing)).map(String)

  test.each<[string, string, string[]]>([
    ['nothing', '', []],
    ['one field', 'a\0', ['a']],
    ['several fields', 'a\0bb\0c c\n\0', ['a', 'bb', 'c c\n']],
    ['empty fields', '\0a\0\0', ['', 'a', '']],
    ['a field that does not end is no field', 'a\0b', ['a']],
  ])('%s', (_, listing, expected) => {
    expect(fields(listing)).toEqual(expected)
  })

  test('bytes that are not text stay as they are, and are not copied', () => {
    const listing = Buffer.from([0xff, 0xfe, 0, 0xed, 0xa0, 0x80, 0])
    const [first, second] = splitNul(listing)

    expect(first).toEqual(Buffer.from([0xff, 0xfe]))
    expect(second).toEqual(Buffer.from([0xed, 0xa0, 0x80]))
    expect(first?.buffer).toBe(listing.buffer)
  })

  test('for any fields', () => {
    const anyFields = fc.array(fc.uint8Array({ min: 1, maxLength: 5 }))
    fc.assert(
      fc.property(anyFields, (parts) => {
        const listing = Buffer.concat(parts.flatMap((part) => [part, Buffer.from([0])]))
        expect(splitNul(listing).map((field) => [...field])).toEqual(parts.map((part) => [...part]))
      }),
      runs,
    )
  })
})

describe('numbers for people', () => {
  test.each([
    [0, '0 files'],
    [1, '1 file'],
    [2, '2 files'],
    [1234567, '1,234,567 files'],
  ])('%d of something: %s', (number, shown) => {
    expect(count(number, 'file')).toBe(shown)
  })

  test('a plural that is not regular', () => {
    expect(count(1, 'entry', 'entries')).toBe('1 entry')
    expect(count(2, 'entry', 'entries')).toBe('2 entries')
  })

  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [9949, '9.9 kB'],
    [9950, '10 kB'],
    [999_499, '999 kB'],
    [999_500, '1.0 MB'],
    [1_500_000, '1.5 MB'],
    [2_000_000_000, '2.0 GB'],
    [5e15, '5000 TB'],
  ])('%d bytes: %s', (bytes, shown) => {
    expect(formatBytes(bytes)).toBe(shown)
  })

  test.each([
    [0, '0 ms'],
    [999, '999 ms'],
    [1000, '1.0 s'],
    [12_345, '12.3 s'],
    [60_000, '1 min 0 s'],
    [61_000, '1 min 1 s'],
    [3_599_000, '59 min 59 s'],
    [3_600_000, '1 h 0 min'],
  ])('%d milliseconds: %s', (milliseconds, shown) => {
    expect(formatDuration(milliseconds)).toBe(shown)
  })

  test.each([
    [999.7, '1.0 s'],
    [59_990, '1 min 0 s'],
    [119_600, '2 min 0 s'],
  ])('%d milliseconds are rounded up to the next unit: %s', (milliseconds, shown) => {
    expect(formatDuration(milliseconds)).toBe(shown)
  })
})
