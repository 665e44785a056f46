import { createHash, hash } from 'node:crypto'
import { decodeUtf8, printable } from '../support/text.js'
import { checkOperations } from './check-operations.js'
import { checkJsonShape } from './json-guard.js'
import {
  HASHES_NAME,
  HISTORY_NAME,
  MANIFEST_NAME,
  type Manifest,
  memberName,
  OPERATIONS_NAME,
  type OperationRecord,
  parseHashes,
  parseManifest,
  parseOperationRecords,
} from './manifest.js'
import { refused } from './tar-format.js'
import { readArchive } from './tar-reader.js'

export interface BundleLimits {
  /** The file itself. */
  readonly compressedBytes: number
  readonly uncompressedBytes: number
  readonly members: number
  /** One metadata file. */
  readonly metadataBytes: number
}

export const DEFAULT_LIMITS: BundleLimits = {
  compressedBytes: 256 * 1024 * 1024,
  uncompressedBytes: 4 * 1024 * 1024 * 1024,
  members: 600_000,
  metadataBytes: 64 * 1024 * 1024,
}

/** A bundle whose announcement has been read and checked; its contents have not been looked at yet. */
export interface OpenedBundle {
  readonly path: string
  readonly topFolder: string
  readonly manifest: Manifest
  readonly records: readonly OperationRecord[]
}

/** A piece of the content of `records[index]`; with the last one its size and hash have been verified. */
export interface ContentPiece {
  readonly index: number
  readonly size: number
  readonly bytes: Buffer
  readonly last: boolean
}

/**
 * Reads the manifest and the metadata of a bundle, wherever they stand in it, and checks them.
 * The first members directly below the top folder count: a file of the user's that has the same name does not
 * (protocol.md §2, 1 and 2). Throws `bundle-refused`.
 */
export async function openBundle(path: string, limits: BundleLimits): Promise<OpenedBundle> {
  const texts = new Map<string, string>()
  let topFolder: string | null = null
  let current: { name: string; chunks: Buffer[] } | null = null
  for await (const piece of readArchive(path, limits)) {
    if (piece.kind === 'member') {
      const { top, name } = splitTop(piece.name)
      topFolder = sameTop(topFolder, top)
      const isMetadata = METADATA_NAMES.has(name)
      if (isMetadata && texts.has(name)) throw refused(`it holds ${name} twice`)
      if (isMetadata && piece.size > limits.metadataBytes)
        throw refused(`${name} is larger than ${limits.metadataBytes} bytes`)
      current = isMetadata ? { name, chunks: [] } : null
    } else if (current !== null) {
      current.chunks.push(piece.bytes)
      if (piece.last) texts.set(current.name, metadataText(current, limits.members))
      if (texts.size === METADATA_NAMES.size) break
    }
  }
  const manifest = parseManifest(required(texts, MANIFEST_NAME))
  const records = parseOperationRecords(required(texts, OPERATIONS_NAME))
  checkOperations(manifest, records, parseHashes(required(texts, HASHES_NAME)))
  return { path, topFolder: topFolder ?? '', manifest, records }
}

const METADATA_NAMES: ReadonlySet<string> = new Set([MANIFEST_NAME, OPERATIONS_NAME, HASHES_NAME])

/**
 * Reads the contents of an opened bundle, in the order of the archive, and verifies every one of them. Ends only when
 * every announced content came exactly once and nothing else was there. Throws `bundle-refused` (faults.md row 94).
 */
export async function* readContents(bundle: OpenedBundle, limits: BundleLimits): AsyncGenerator<ContentPiece> {
  const expected = new Map<string, number>()
  bundle.records.forEach((record, index) => {
    if (record.operation !== 'deleted' && record.content_included !== false) {
      expected.set(memberName(record.operation, record.path), index)
    }
  })
  const seen = new Set<string>()
  let current: ContentCheck | null = null
  for await (const piece of readArchive(bundle.path, limits)) {
    if (piece.kind === 'member') {
      const { top, name } = splitTop(piece.name)
      sameTop(bundle.topFolder, top)
      if (seen.has(name)) throw refused(`it holds ${printable(name)} twice`)
      seen.add(name)
      const index = expected.get(name)
      const record = index === undefined ? undefined : bundle.records[index]
      current = index === undefined || record === undefined ? null : new ContentCheck(index, record, piece.size)
      expected.delete(name)
      // The history that other clients put beside the contents is read past, never used.
      if (current === null && !METADATA_NAMES.has(name) && name !== HISTORY_NAME) {
        throw refused(`it holds ${printable(name)}, which no operation announces`, { member: name })
      }
    } else if (current !== null) {
      current.take(piece.bytes, piece.last)
      yield { index: current.index, size: current.size, bytes: piece.bytes, last: piece.last }
    }
  }
  const [missing] = expected.keys()
  if (missing !== undefined)
    throw refused(`it announces ${printable(missing)} but does not hold it`, { member: missing })
}

/** Verifies one content while it streams by. */
class ContentCheck {
  readonly index: number
  readonly size: number
  readonly #record: OperationRecord
  #digest: ReturnType<typeof createHash> | null = null

  constructor(index: number, record: OperationRecord, size: number) {
    this.index = index
    this.size = size
    this.#record = record
    if (record.size_bytes !== undefined && record.size_bytes !== size) {
      throw refused(`${printable(record.path)} has ${size} bytes, announced were ${record.size_bytes}`, {
        path: record.path,
      })
    }
  }

  take(bytes: Buffer, last: boolean): void {
    if (this.#record.content_hash === undefined) return
    if (!last || this.#digest !== null) this.#digest = (this.#digest ?? createHash('sha1')).update(bytes)
    if (!last) return
    const sha1 = this.#digest === null ? hash('sha1', bytes, 'hex') : this.#digest.digest('hex')
    if (`sha1:${sha1}` !== this.#record.content_hash) {
      throw refused(`the content of ${printable(this.#record.path)} does not have the announced hash`, {
        path: this.#record.path,
      })
    }
  }
}

/** Members stand below one top folder; where there is none, the archive itself is the top. */
function splitTop(memberName: string): { top: string; name: string } {
  const path = memberName.startsWith('./') ? memberName.slice(2) : memberName
  if (path === MANIFEST_NAME || path.startsWith('metadata/') || path.startsWith('files/'))
    return { top: '', name: path }
  const slash = path.indexOf('/')
  if (slash === -1) return { top: '', name: path }
  return { top: path.slice(0, slash), name: path.slice(slash + 1) }
}

function sameTop(known: string | null, top: string): string {
  if (known !== null && known !== top) throw refused('its members stand below different top folders')
  return top
}

function metadataText(member: { name: string; chunks: Buffer[] }, maxEntries: number): string {
  const bytes = Buffer.concat(member.chunks)
  checkJsonShape(bytes, member.name, maxEntries)
  const text = decodeUtf8(bytes)
  if (text === null) throw refused(`${member.name} is not valid UTF-8`)
  return text
}

function required(texts: ReadonlyMap<string, string>, name: string): string {
  const text = texts.get(name)
  if (text === undefined) throw refused(`it has no ${name}`)
  return text
}
