import { createHash, randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'

const BLOCK = 512
const CREATED_AT = '2025-01-26T01:55:00.000Z'
const MEMBERS_AT_ONCE = 256

/** Writes a bundle that creates `count` tiny files, in the format of docs/protocol.md, independent of the writer in src/. */
export async function writeCreations(path, workspacePath, count) {
  const files = Array.from({ length: count }, (_, number) => tinyFile(number))
  const id = randomUUID()
  const archive = Readable.from(archiveOf(id, workspacePath, files))
  await pipeline(archive, createGzip({ level: 1 }), createWriteStream(path))
}

function tinyFile(number) {
  const content = Buffer.from(`export const value = ${number}\n`)
  const hash = `sha1:${createHash('sha1').update(content).digest('hex')}`
  return { path: `f${Math.floor(number / 500)}/${number}.js`, content, hash }
}

function* archiveOf(id, workspacePath, files) {
  yield jsonMember(`${id}/manifest.json`, manifestOf(id, workspacePath, files))
  yield jsonMember(`${id}/metadata/operations.json`, { operations: files.map(operationOf) })
  const hashes = Object.fromEntries(files.map(({ path, hash }) => [path, hash]))
  yield jsonMember(`${id}/metadata/hashes.json`, {
    workspace_path: workspacePath,
    updated_at: CREATED_AT,
    file_hashes: hashes,
  })
  for (let at = 0; at < files.length; at += MEMBERS_AT_ONCE) {
    const some = files.slice(at, at + MEMBERS_AT_ONCE)
    yield Buffer.concat(some.map(({ path, content }) => member(`${id}/files/created/${path}`, content)))
  }
  yield Buffer.alloc(2 * BLOCK)
}

function manifestOf(id, workspacePath, files) {
  return {
    version: '1.0',
    bundle_id: id,
    workspace_path: workspacePath,
    collection_name: 'bench',
    created_at: CREATED_AT,
    sequence_number: 1,
    parent_sequence: 0,
    operations: { created: files.length, updated: 0, deleted: 0, moved: 0 },
    total_files: files.length,
    total_size_bytes: files.reduce((sum, { content }) => sum + content.length, 0),
    compression: 'gzip',
    encoding: 'utf-8',
  }
}

function operationOf({ path, content, hash }) {
  return {
    operation: 'created',
    path,
    language: 'javascript',
    modified_time: CREATED_AT,
    size_bytes: content.length,
    content_hash: hash,
  }
}

function jsonMember(name, value) {
  return member(name, Buffer.from(JSON.stringify(value)))
}

/** A ustar member; names here have at most 100 bytes. */
function member(name, content) {
  const header = Buffer.alloc(BLOCK)
  header.write(name, 0)
  header.write('0000644\0', 100)
  header.write('0000000\x000000000\0', 108)
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124)
  header.write('00000000000\0        0', 136)
  header.write('ustar\x0000', 257)
  let sum = 0
  for (const byte of header) sum += byte
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return Buffer.concat([header, content, Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK)])
}

/** The members of an unpacked tar: name without the top folder, and how many bytes it takes with its header. */
export function* membersOf(tar) {
  for (let at = 0; at + BLOCK <= tar.length && tar[at] !== 0; ) {
    const name = tar.toString('utf8', at, at + 100).split('\0')[0]
    const size = Number.parseInt(tar.toString('latin1', at + 124, at + 136), 8)
    const end = at + BLOCK + Math.ceil(size / BLOCK) * BLOCK
    yield { name: name.slice(name.indexOf('/') + 1), start: at, end }
    at = end
  }
}
