import { gzipSync } from 'node:zlib'
import { beforeEach, describe, expect, test } from '@jest/globals'
import type { BundleLimits } from '../../src/bundle/reader.js'
import { created, type Draft, metadataOf, packed } from '../helpers/bundles.js'
import { FilledReceiver } from '../helpers/filled-receiver.js'
import { pax, type TarMember, tarOf } from '../helpers/tar.js'

let there: FilledReceiver

beforeEach(async () => {
  there = await FilledReceiver.make()
})

const strange = (member: TarMember, ...more: TarMember[]): ((made: Draft) => void) => {
  return (made) => {
    made.members.push(member, ...more)
  }
}

describe('faults.md row 89: members that are not plain files', () => {
  test.each<[string, (made: Draft) => void]>([
    ['a symbolic link', strange({ name: 'x', type: '2', link: '/etc/passwd' })],
    ['a hard link', strange({ name: 'x', type: '1', link: 'a' })],
    ['a character device', strange({ name: 'x', type: '3' })],
    ['a block device', strange({ name: 'x', type: '4' })],
    ['a FIFO', strange({ name: 'x', type: '6' })],
    ['a contiguous file', strange({ name: 'x', type: '7' })],
    ['a sparse file', strange({ name: 'x', type: 'S' })],
    ['a GNU long name', strange({ name: '././@LongLink', type: 'L', content: 'files/created/new\0' })],
    ['a GNU long link', strange({ name: '././@LongLink', type: 'K', content: 'x\0' })],
    ['a GNU volume header', strange({ name: 'x', type: 'V' })],
    ['a global PAX header', strange(pax({ path: 'x' }, 'g'))],
    ['a PAX link', strange(pax({ linkpath: '/etc/passwd' }), { name: 'x', content: '' })],
    ['a PAX sparse map', strange(pax({ 'GNU.sparse.major': '1' }), { name: 'x', content: '' })],
    ['a directory with a content', strange({ name: 'x/', type: '5', content: 'x' })],
    [
      'an announced file as a symbolic link',
      (made) => {
        made.members = [{ name: `${made.top}/files/created/new`, type: '2', link: '/etc/passwd' }]
      },
    ],
  ])('%s', async (_, change) => {
    const made = there.next(created('new', 'n'))
    change(made)
    expect(await there.outcome(packed(made))).toBe('bundle-refused')
  })
})

describe('faults.md row 90: damaged archives', () => {
  const good = (): Buffer => packed(there.next(created('new', 'x'.repeat(2000))))
  const plain = (end?: Uint8Array): Buffer => {
    const made = there.next(created('new', 'x'.repeat(2000)))
    return tarOf([...metadataOf(made), ...made.members], end)
  }

  test.each<[string, () => Uint8Array]>([
    ['nothing', () => Buffer.alloc(0)],
    ['no gzip', () => plain()],
    ['a truncated gzip', () => good().subarray(0, -9)],
    ['a gzip without its check', () => good().subarray(0, -4)],
    ['a wrong check', () => Buffer.concat([good().subarray(0, -8), Buffer.alloc(8)])],
    ['garbage after the gzip', () => Buffer.concat([good(), Buffer.from('garbage')])],
    ['zeros after the gzip', () => Buffer.concat([good(), Buffer.alloc(10)])],
    ['a second archive in the gzip', () => gzipSync(Buffer.concat([plain(), plain()]))],
    ['a second gzip with bytes after the end', () => Buffer.concat([good(), gzipSync('more')])],
    ['no end of the archive', () => gzipSync(plain(Buffer.alloc(0)))],
    ['a cut archive', () => gzipSync(plain().subarray(0, -3000))],
    ['no manifest', () => gzipSync(tarOf([]))],
  ])('%s', async (_, bytes) => {
    expect(await there.outcome(bytes())).toBe('bundle-refused')
  })
})

describe('faults.md row 93: limits', () => {
  test.each<[string, Partial<BundleLimits>]>([
    ['uncompressed bytes', { uncompressedBytes: 100_000 }],
    ['members', { members: 3 }],
    ['metadata', { metadataBytes: 100 }],
  ])('%s', async (_, limits) => {
    const bytes = packed(there.next(created('new', new Uint8Array(1_000_000))))
    expect(await there.outcome(bytes, limits)).toBe('bundle-refused')
  })

  test.each([
    ['deeply nested', '['.repeat(200_000)],
    ['of very many objects', `[${'{},'.repeat(700_000)}{}]`],
    ['of very many fields', `[{${'"a":1,'.repeat(10_000_000)}"b":1}]`],
  ])('JSON %s is refused before it is parsed', async (_, list) => {
    const made = there.next(created('new', 'x'))
    const [first, , last] = metadataOf(made)
    const nested = {
      name: `${made.top}/metadata/operations.json`,
      content: `{"operations":${list}}`,
    }
    const members = [first, nested, last, ...made.members].filter((member) => member !== undefined)
    const started = performance.now()
    expect(await there.outcome(gzipSync(tarOf(members)))).toBe('bundle-refused')
    expect(performance.now() - started).toBeLessThan(20_000)
  })
})
