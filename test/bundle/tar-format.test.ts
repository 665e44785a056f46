import { expect, test } from '@jest/globals'
import { encodeMemberHeader } from '../../src/bundle/tar-format.js'

test('the header of a member is the same whatever was encoded before it', () => {
  const names = [`a${'é'.repeat(150)}`, 'x'.repeat(100), `${'p'.repeat(99)}/${'q'.repeat(60)}`, 'short', 'ä/日本語/😀']
  const alone = names.map((name, size) => Buffer.from(encodeMemberHeader(name, size)))
  const order = [1, 0, 2, 4, 3, 1, 4, 0, 3, 2]
  for (const at of order) expect(Buffer.from(encodeMemberHeader(names[at] ?? '', at))).toEqual(alone[at])
})
