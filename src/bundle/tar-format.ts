import { Header } from 'tar/header'
import { Pax } from 'tar/pax'
import { DeltaError } from '../support/errors.js'
import { decodeUtf8 } from '../support/text.js'

export const BLOCK = 512

/** Two empty blocks end an archive. */
export const END_OF_ARCHIVE = Buffer.alloc(2 * BLOCK)

/** Everything that could differ between two machines (owner, time, mode) is fixed, so equal contents give equal bytes. */
const header = new Header({ mode: 0o644, uid: 0, gid: 0, mtime: new Date(0), type: 'File' })
const headerBlock = Buffer.alloc(BLOCK)

/**
 * What precedes the content of one regular file: its header, after a PAX header where the name does not fit a plain
 * one. The bytes are overwritten by the next call.
 */
export function encodeMemberHeader(name: string, size: number): Buffer {
  header.path = name
  header.size = size
  // Where a name is cut off in the middle of a character, the header is not filled to its end.
  headerBlock.fill(0)
  if (!header.encode(headerBlock, 0)) return headerBlock
  return Buffer.concat([new Pax({ path: name, size }).encode(), headerBlock])
}

/** The zero bytes that fill the last block of a content of this size. */
export function padding(size: number): Buffer {
  return END_OF_ARCHIVE.subarray(0, (BLOCK - (size % BLOCK)) % BLOCK)
}

export interface MemberHeader {
  readonly name: string
  readonly size: number
}

export type TarBlock =
  | { readonly kind: 'file'; readonly name: string; readonly size: number }
  | { readonly kind: 'directory' }
  | { readonly kind: 'extension'; readonly size: number }
  | { readonly kind: 'end' }

/**
 * Reads one header block. Only regular files, directories and PAX headers of one member are understood; links, devices,
 * sparse files, GNU long names and global headers are refused (faults.md row 89). `extension` is what a PAX header
 * said of the member that follows it.
 */
export function decodeHeaderBlock(block: Buffer, extension: PaxExtension): TarBlock {
  const isExtended = extension.path !== undefined || extension.size !== undefined
  if (block.every((byte) => byte === 0)) {
    if (isExtended) throw refused('an extended header has no member')
    return { kind: 'end' }
  }
  if (!isChecksumRight(block) || !NUMBERS.every((field) => isNumber(block, field))) {
    throw refused('a member’s header is damaged')
  }
  const type = block.toString('latin1', 156, 157)
  const size = plainSize(block)
  if (type === 'x') {
    if (isExtended) throw refused('two extended headers follow each other')
    return { kind: 'extension', size }
  }
  if (type === '5') {
    if (size !== 0) throw refused('a directory has a content')
    return { kind: 'directory' }
  }
  if (type !== '0' && type !== '\0') throw refused('it holds something else than plain files', { type })
  return { kind: 'file', name: extension.path ?? plainName(block), size: extension.size ?? size }
}

export interface PaxExtension {
  readonly path?: string
  readonly size?: number
}

/** PAX records that say nothing about where or how much is written, so they can be passed over. */
const HARMLESS_RECORDS = new Set([
  'mtime',
  'atime',
  'ctime',
  'uid',
  'gid',
  'uname',
  'gname',
  'comment',
  'charset',
  'hdrcharset',
])

/**
 * Reads the records of a PAX header: `<length> <key>=<value>\n`, where the length counts the whole record in bytes.
 * A value may hold a newline, so the records are cut by their lengths only.
 */
export function decodePaxRecords(bytes: Buffer): PaxExtension {
  const extension: { path?: string; size?: number } = {}
  let at = 0
  while (at < bytes.length) {
    const space = bytes.indexOf(0x20, at)
    const length = Number(bytes.toString('latin1', at, space === -1 ? at : space))
    const end = at + length
    if (!Number.isSafeInteger(length) || length < 5 || end > bytes.length || bytes[end - 1] !== 0x0a) {
      throw refused('an extended header is malformed')
    }
    const record = decodeUtf8(bytes.subarray(space + 1, end - 1))
    const equals = record?.indexOf('=') ?? -1
    if (record === null || equals < 1) throw refused('an extended header is malformed')
    const key = record.slice(0, equals)
    const value = record.slice(equals + 1)
    if (key === 'path') extension.path = value
    else if (key === 'size') extension.size = decimal(value)
    else if (!HARMLESS_RECORDS.has(key)) throw refused('an extended header says what is not understood', { key })
    at = end
  }
  return extension
}

function decimal(value: string): number {
  const size = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN
  if (!Number.isSafeInteger(size)) throw refused('a size is malformed')
  return size
}

/** Where the checksum stands, which itself counts as spaces. */
const [CHECKSUM_START, CHECKSUM_END] = [148, 156]

function isChecksumRight(block: Buffer): boolean {
  let sum = 0x20 * (CHECKSUM_END - CHECKSUM_START)
  for (let at = 0; at < CHECKSUM_START; at++) sum += block[at] ?? 0
  for (let at = CHECKSUM_END; at < BLOCK; at++) sum += block[at] ?? 0
  return sum === octal(block, CHECKSUM_START, CHECKSUM_END)
}

/** Where mode, owner, group, time and device numbers stand. */
const NUMBERS: readonly (readonly [start: number, end: number])[] = [
  [100, 108],
  [108, 116],
  [116, 124],
  [136, 148],
  [329, 337],
  [337, 345],
]

/**
 * None of these numbers is used, but a number that cannot be read makes other readers take the archive for finished
 * (row 90). Owners and times beyond the octal range come as base-256.
 */
function isNumber(block: Buffer, [start, end]: readonly [number, number]): boolean {
  const first = block[start]
  return first === 0x80 || first === 0xff || octal(block, start, end) !== null
}

/** Octal digits only: base-256 sizes, which other readers take for negative numbers, are refused (row 90). */
function plainSize(block: Buffer): number {
  const size = octal(block, 124, 136)
  if (size === null) throw refused('a size is malformed')
  return size
}

/** Spaces, octal digits, then spaces and NUL bytes to the end of the field; without a digit it is 0. Null for anything else. */
function octal(block: Buffer, start: number, end: number): number | null {
  let at = start
  while (at < end && block[at] === 0x20) at++
  let value = 0
  for (; at < end; at++) {
    const digit = (block[at] ?? 0) - 0x30
    if (digit < 0 || digit > 7) break
    value = value * 8 + digit
  }
  for (; at < end; at++) if (block[at] !== 0 && block[at] !== 0x20) return null
  return value
}

function plainName(block: Buffer): string {
  const name = field(block, 0, 100)
  const isUstar = block.toString('latin1', 257, 263) === 'ustar\0'
  const prefix = isUstar ? field(block, 345, 155) : ''
  return prefix === '' ? name : `${prefix}/${name}`
}

function field(block: Buffer, start: number, length: number): string {
  const bytes = block.subarray(start, start + length)
  const end = bytes.indexOf(0)
  const text = decodeUtf8(end === -1 ? bytes : bytes.subarray(0, end))
  if (text === null) throw refused('a name is not valid UTF-8')
  return text
}

export function refused(problem: string, facts: Readonly<Record<string, string | number>> = {}): DeltaError {
  return new DeltaError('bundle-refused', `The bundle is refused: ${problem}.`, { facts: { problem, ...facts } })
}
