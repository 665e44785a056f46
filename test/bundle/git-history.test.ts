import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { historyRecord, LONGEST_DIFF, tellable } from '../../src/bundle/git-history.js'

describe('a text that is told', () => {
  test.each([
    ['Signed-off-by: Ada <ada@example.org>', 'Signed-off-by: Ada <<redacted>>'],
    ['mail first.last+tag@mail.example.co.uk now', 'mail <redacted> now'],
    ['ünï@exämple.org', '<redacted>'],
    ["o'neil_%-x@a-b.io,other@x.org", '<redacted>,<redacted>'],
    ['12345678+ada@users.noreply.github.com', '<redacted>'],
    ['@types/node and a@1.2.3 and x @ y', '@types/node and a@1.2.3 and x @ y'],
  ])('%j has no address in it', (text, told) => {
    expect(tellable(text, 100)).toBe(told)
  })

  test('is not longer than it may be, and cut where nothing of an address stays', () => {
    const words = fc.constantFrom('a', ' ', '\n', '@', 'ada@example.org', '\u{1f600}', 'word', '.', '+')
    fc.assert(
      fc.property(fc.array(words, { maxLength: 400 }), fc.integer({ min: 1, max: 80 }), (parts, longest) => {
        const told = tellable(parts.join(''), longest)
        expect(told.length).toBeLessThanOrEqual(longest)
        expect(told).not.toContain('ada@example')
        expect(told.isWellFormed()).toBe(true)
      }),
    )
  })

  test('does not take long, whatever it is', () => {
    const texts = ['a', '@a', 'a@', 'a.', '@a.', 'a@b.', "'"].map((part) => part.repeat(2_000_000 / part.length))
    for (const text of texts) expect(tellable(text, LONGEST_DIFF).length).toBeLessThanOrEqual(LONGEST_DIFF)
  })
})

test('a history is never a snapshot: a server would forget what it is not told', () => {
  const history = { repositoryName: 'r', head: 'h', previousHead: null, maxCommits: 1, commits: [] }
  expect(historyRecord(history, 'now')).toMatchObject({ mode: 'delta', prev_head: null, head: 'h', commits: [] })
})
