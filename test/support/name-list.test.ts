import { expect, test } from '@jest/globals'
import { NameList } from '../../src/support/name-list.js'

test('a list gives the names back, in order, whatever bytes and lengths they have', () => {
  const names = [
    Buffer.from('a'),
    Buffer.from([0xff, 0x0a, 0xfe]),
    Buffer.from('x'.repeat(100_000)),
    Buffer.from('ä/b'),
  ]
  for (let at = 0; at < 5000; at++) names.push(Buffer.from(`folder/${at}/${'n'.repeat(at % 90)}`))
  const list = new NameList()
  for (const name of names) list.add(name)
  expect(list.length).toBe(names.length)
  expect([...list].map((name) => name.toString('latin1'))).toEqual(names.map((name) => name.toString('latin1')))
  expect([...new NameList()]).toEqual([])
})
