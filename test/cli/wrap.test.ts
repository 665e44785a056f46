import { describe, expect, test } from '@jest/globals'
import { wrapWords } from '../../src/cli/wrap.js'

describe('a line that is too long for the terminal', () => {
  test.each([
    ['one that fits stays', 'all is well', 20, 'all is well'],
    ['is cut between words', 'one two three four', 9, 'one two\nthree\nfour'],
    ['goes on below its text, not below its sign', '✓ written in .husky', 12, '✓ written in\n  .husky'],
    ['keeps its own indent', '  npm install --save-dev', 14, '  npm install\n  --save-dev'],
    ['keeps the spaces of columns', 'status    both ends', 17, 'status    both\nends'],
    ['a word that is too long stays whole', 'see https://example.com/long', 10, 'see\nhttps://example.com/long'],
    ['keeps the space before an answer', 'Push now? [Y/n] ', 9, 'Push now?\n[Y/n] '],
    ['colours take no room', '\u001b[32m✓\u001b[39m one two', 9, '\u001b[32m✓\u001b[39m one two'],
  ])('%s', (_, line, columns, lines) => {
    expect(wrapWords(line, columns)).toBe(lines)
  })

  test('goes on where it is told to', () => {
    expect(wrapWords('✓ git   is there', 12, 8)).toBe('✓ git   is\n        there')
  })
})
