import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { readArchive } from '../../src/bundle/tar-reader.js'
import { DeltaError } from '../../src/support/errors.js'
import { END, memberBytes, pax, type TarMember, tarOf } from '../helpers/tar.js'
import { type ReadMember, readWithPython } from '../helpers/tarfile.js'
import { temporaryDirectory } from '../helpers/workspace.js'

const LIMITS = { uncompressedBytes: 10_000_000, members: 1000 }

async function readWithOurs(path: string): Promise<ReadMember[] | 'refused'> {
  const members: [string, Buffer[]][] = []
  try {
    for await (const pieces of readArchive(path, LIMITS)) {
      for (const piece of pieces) {
        if (piece.kind === 'member') members.push([piece.name, []])
        else members.at(-1)?.[1].push(piece.bytes)
      }
    }
  } catch (thrown) {
    if (thrown instanceof DeltaError && thrown.code === 'bundle-refused') return 'refused'
    throw thrown
  }
  return members.map(([name, pieces]) => [name, Buffer.concat(pieces).toString('hex')])
}

/** For each archive: ours refuses it, or reads exactly what Python does. Returns what ours made of each. */
async function compare(archives: readonly Uint8Array[]): Promise<(ReadMember[] | 'refused')[]> {
  const folder = await temporaryDirectory()
  const paths = archives.map((_, at) => join(folder, `${at}.tar.gz`))
  await Promise.all(paths.map((path, at) => writeFile(path, archives[at] ?? '')))
  const theirs = await readWithPython(paths)
  const ours = await Promise.all(paths.map(readWithOurs))
  const members = ours.map((answer, at) => (answer === 'refused' ? theirs[at] : answer))
  expect(members).toEqual(theirs)
  return ours
}

const plain: TarMember = { name: 'plain', content: 'plain' }
const zip = (...members: TarMember[]): Buffer => gzipSync(tarOf([...members, plain]))
const BASE_256 = Buffer.from([0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5])
const NEGATIVE = Buffer.alloc(12, 0xff)

const UNDERSTOOD: Readonly<Record<string, Uint8Array>> = {
  'nothing but the end': gzipSync(END),
  'a prefix': zip({ name: 'name', prefix: 'some/prefix', content: 'x' }),
  'a name of 100 bytes': zip({ name: 'n'.repeat(100), content: 'x' }),
  'an old archive without magic': zip({ name: 'old', magic: '\0\0\0\0\0\0\0\0', type: '\0', content: 'x' }),
  'GNU magic': zip({ name: 'gnu', magic: 'ustar  \0', content: 'x' }),
  'a directory': zip({ name: 'dir/', type: '5' }),
  'a PAX name': zip(pax({ path: 'from pax\nline' }), { name: 'x', content: 'x' }),
  'a PAX size': zip(pax({ size: '3' }), { name: 'x', content: 'xyz' }),
  'a PAX size over a wrong one': zip(pax({ size: '600' }), {
    name: 'x',
    size: '00000000001\0',
    content: 'x'.repeat(600),
  }),
  'PAX times and owners': zip(pax({ mtime: '1.5', uid: '7', uname: 'ä' }), { name: 'x', content: 'x' }),
  'a PAX header over a directory': zip(pax({ path: 'elsewhere' }), { name: 'dir/', type: '5' }),
  'the same name twice': zip(plain),
  'one empty block at the end': gzipSync(tarOf([plain], Buffer.alloc(512))),
  'a size with spaces': zip({ name: 'x', size: '     000005 \0', content: 'fives' }),
  'concatenated gzip': Buffer.concat([gzipSync(memberBytes(plain)), gzipSync(tarOf([plain]))]),
}

const REFUSED: Readonly<Record<string, Uint8Array>> = {
  'a base-256 size': zip({ name: 'x', size: BASE_256, content: 'fives' }),
  'a negative size': zip({ name: 'x', size: NEGATIVE, content: '' }),
  'a size that is no number': zip({ name: 'x', size: '00000000009\0', content: 'x' }),
  'a PAX size that is negative': zip(pax({ size: '-1' }), { name: 'x', content: 'x' }),
  'a PAX size that is no number': zip(pax({ size: '1e3' }), { name: 'x', content: 'x' }),
  'a GNU long name': zip({ name: '././@LongLink', type: 'L', content: 'long\0' }, { name: 'x', content: 'x' }),
  'PAX size over a GNU long name': zip(
    pax({ size: '0' }),
    { name: '././@LongLink', type: 'L', content: 'long\0' },
    plain,
  ),
  'a PAX header over a PAX header': zip(pax({ path: 'a' }), pax({ path: 'b' }), plain),
  'a PAX header over nothing': gzipSync(tarOf([plain, pax({ path: 'a' })])),
  'a PAX header without records': zip({ name: 'x', type: 'x', content: '' }),
  'a PAX record that is too long': zip({ name: 'x', type: 'x', content: '99 path=a\n' }),
  'a PAX record of length zero': zip({ name: 'x', type: 'x', content: '0 path=a\n' }),
  'a PAX record without newline': zip({ name: 'x', type: 'x', content: '10 path=abc' }),
  'a PAX name that is not UTF-8': zip(pax({ path: Buffer.from([0xff]) }), plain),
  'a huge PAX header': zip(pax({ comment: 'x'.repeat(100_000) }), plain),
  'a global PAX header': zip(pax({ path: 'a' }, 'g'), plain),
  'a PAX sparse file': zip(pax({ 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0' }), plain),
  'a damaged header': zip({ name: 'x', damaged: true }),
  'a name that is not UTF-8': zip({ name: Buffer.from([0xff, 0xfe]) }),
  'a content that is not whole': gzipSync(tarOf([{ name: 'x', content: 'x'.repeat(2000) }]).subarray(0, 1500)),
  'something after the end': gzipSync(Buffer.concat([tarOf([plain]), tarOf([{ name: 'after' }])])),
  'garbage after the gzip': Buffer.concat([gzipSync(tarOf([plain])), Buffer.from('garbage')]),
  'zeros after the gzip': Buffer.concat([gzipSync(tarOf([plain])), Buffer.alloc(512)]),
  'a gzip header after the gzip': Buffer.concat([gzipSync(tarOf([plain])), Buffer.from([0x1f, 0x8b])]),
}

test('faults.md row 90: what is understood is read as Python’s tarfile reads it', async () => {
  const ours = await compare(Object.values(UNDERSTOOD))
  expect(Object.keys(UNDERSTOOD).filter((_, at) => ours[at] === 'refused')).toEqual([])
})

test('faults.md row 90: what readers disagree about is refused', async () => {
  const ours = await compare(Object.values(REFUSED))
  expect(Object.keys(REFUSED).filter((_, at) => ours[at] !== 'refused')).toEqual([])
})

test('a PAX name with a NUL byte is no name that an operation could announce', async () => {
  expect(await readOne(zip(pax({ path: 'a\0b' }), { name: 'x' }))).toEqual([
    ['a\0b', ''],
    ['plain', '706c61696e'],
  ])
})

async function readOne(archive: Uint8Array): Promise<ReadMember[] | 'refused'> {
  const path = join(await temporaryDirectory(), 'one.tar.gz')
  await writeFile(path, archive)
  return await readWithOurs(path)
}

test('faults.md row 90: where gzip members and reads of the file end at the same byte', async () => {
  const first = padTo(gzipSync(memberBytes(plain)), 2 ** 18)
  expect(await readOne(Buffer.concat([first, gzipSync(tarOf([plain]))]))).toHaveLength(2)
  const ended = gzipSync(tarOf([plain]))
  for (const after of ['garbage', Buffer.alloc(100)]) {
    expect(await readOne(Buffer.concat([padTo(ended, 2 ** 18), Buffer.from(after)]))).toBe('refused')
  }
})

/** Makes a gzip file longer without a change of what it holds: by a comment in its header. */
function padTo(gzip: Buffer, size: number): Buffer {
  const header = Buffer.from(gzip.subarray(0, 10))
  header[3] = 0x10
  const missing = size - gzip.length - 1
  return Buffer.concat([header, Buffer.alloc(missing, 'c'), Buffer.from([0]), gzip.subarray(10)])
}

test('faults.md row 90: archives with random damage', async () => {
  const base = [
    plain,
    pax({ path: 'long name', size: '700' }),
    { name: 'x', content: 'y'.repeat(700) },
    { name: 'dir/', type: '5' },
    plain,
  ]
  const bytes = tarOf(base)
  const damage = fc.array(fc.record({ at: fc.nat(bytes.length - 1), value: fc.nat(255), repair: fc.boolean() }), {
    minLength: 1,
    maxLength: 3,
  })
  const archives = fc.sample(damage, { numRuns: 600, seed: 1 }).map((edits) => gzipSync(damaged(bytes, edits)))
  const ours = await compare(archives)
  expect(ours.filter((answer) => answer !== 'refused').length).toBeGreaterThan(20)
})

/** With `repair`, the checksum of the header is made right again, so that the damage gets past it. */
function damaged(bytes: Buffer, edits: readonly { at: number; value: number; repair: boolean }[]): Buffer {
  const copy = Buffer.from(bytes)
  for (const { at, value, repair } of edits) {
    copy[at] = value
    const block = copy.subarray(at - (at % 512), at - (at % 512) + 512)
    const isHeader = block.toString('latin1', 257, 262) === 'ustar'
    if (repair && isHeader) fixChecksum(block)
  }
  return copy
}

function fixChecksum(block: Buffer): void {
  block.fill(0x20, 148, 156)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
}
