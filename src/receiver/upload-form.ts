import { createHash, randomUUID } from 'node:crypto'
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { Multipart, MultipartFile } from '@fastify/multipart'
import { DeltaError } from '../support/errors.js'
import type { IncomingBundle } from './engine.js'
import { badRequest, HttpRefusal } from './refusals.js'
import { MORE_FOLLOW_FIELD } from './wire.js'

/** Gives the parts of a form one after another; the limits are those of `@fastify/multipart`. */
export type ReadParts = (limits: PartLimits) => AsyncIterable<Multipart>

export interface PartLimits {
  readonly fields: number
  readonly fieldNameSize: number
  readonly fieldSize: number
  readonly fileSize: number
  readonly files: number
  readonly headerPairs: number
}

/** A workspace path, the longest field, may have 4096 bytes. One file too many is let in, to be refused by its name. */
const LIMITS = { fields: 32, fieldNameSize: 100, fieldSize: 8192, files: 4, headerPairs: 32 } as const

const MAX_WORKSPACE_BYTES = 4096

type Spooled = Pick<IncomingBundle, 'path' | 'digest' | 'bytes'>

/**
 * Receives the form of an upload: the bundle into a file of its own in `spool`, the fields checked. The file is the
 * caller's to remove; where this throws, nothing is left. The fields may come in any order; unknown ones are ignored.
 */
export async function receiveForm(readParts: ReadParts, spool: string, maxBytes: number): Promise<IncomingBundle> {
  const path = join(spool, `${randomUUID()}.tar.gz`)
  try {
    const fields = new Map<string, string>()
    let bundle: Spooled | null = null
    for await (const part of readParts({ ...LIMITS, fileSize: maxBytes })) {
      if (part.type === 'field') readField(part, fields)
      else if (part.fieldname !== 'bundle') await discard(part.file)
      else if (bundle !== null) throw badRequest('The form has two bundles.')
      else bundle = await spoolBundle(part, path, maxBytes)
    }
    if (bundle === null) throw badRequest('The form has no file "bundle" with a file name.', 422)
    return { ...bundle, ...readFields(fields) }
  } catch (thrown) {
    await rm(path, { force: true })
    throw isOurs(thrown) ? thrown : badRequest('The form is malformed or incomplete.')
  }
}

function readField(part: Multipart & { type: 'field' }, fields: Map<string, string>): void {
  if (part.fieldnameTruncated || part.valueTruncated) throw badRequest('A field of the form is too long.')
  if (typeof part.value === 'string') fields.set(part.fieldname, part.value)
}

async function discard(file: Readable): Promise<void> {
  for await (const _ of file);
}

async function spoolBundle(part: MultipartFile, path: string, maxBytes: number): Promise<Spooled> {
  if (!part.filename) throw badRequest('The part "bundle" needs a file name.', 422)
  // Ends the reading at once, whatever the client still sends.
  part.file.once('limit', () => part.file.destroy(tooLarge(maxBytes)))
  const digest = createHash('sha256')
  let bytes = 0
  const file = await open(path, 'wx', 0o600)
  try {
    for await (const chunk of contentOf(part.file)) {
      digest.update(chunk)
      bytes += chunk.length
      await file.writeFile(chunk)
    }
  } finally {
    await file.close()
  }
  return { path, bytes, digest: `sha256:${digest.digest('hex')}` }
}

function contentOf(stream: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  return stream
}

export function tooLarge(maxBytes: number): DeltaError {
  return new DeltaError('bundle-too-large', `The bundle is larger than ${maxBytes} bytes.`, {
    facts: { limit: maxBytes },
  })
}

function readFields(fields: ReadonlyMap<string, string>): Omit<IncomingBundle, keyof Spooled> {
  return {
    workspacePath: workspacePath(fields.get('workspace_path'), 422),
    collectionName: fields.get('collection_name') || null,
    sequence: sequenceNumber(fields.get('sequence_number') ?? ''),
    force: flag('force', fields),
    moreFollow: flag(MORE_FOLLOW_FIELD, fields),
  }
}

/** Any text names a workspace; it becomes a hash before it becomes a part of a file name. */
export function workspacePath(value: unknown, status = 400): string {
  if (typeof value !== 'string' || value === '') throw badRequest('workspace_path is required.', status)
  if (Buffer.byteLength(value) > MAX_WORKSPACE_BYTES) throw badRequest('workspace_path is too long.', status)
  if (value.includes('\0') || !value.isWellFormed()) throw badRequest('workspace_path is not valid text.', status)
  return value
}

function sequenceNumber(text: string): number | null {
  if (text.trim() === '') return null
  if (!/^\s*\d{1,15}\s*$/.test(text)) throw badRequest('sequence_number must be a whole number.', 422)
  return Number(text)
}

function flag(name: string, fields: ReadonlyMap<string, string>): boolean {
  const word = (fields.get(name) ?? '').trim().toLowerCase()
  if (['1', 'true', 't', 'yes', 'y', 'on'].includes(word)) return true
  if (['', '0', 'false', 'f', 'no', 'n', 'off'].includes(word)) return false
  throw badRequest(`${name} must be true or false.`, 422)
}

/** Refusals, limits of the library, and failures of our own disk are told as they are. */
function isOurs(thrown: unknown): boolean {
  if (thrown instanceof HttpRefusal || thrown instanceof DeltaError) return true
  return thrown instanceof Error && ('statusCode' in thrown || 'errno' in thrown)
}
