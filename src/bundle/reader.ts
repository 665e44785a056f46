import { decodeUtf8 } from '../support/text.js'
import { checkOperations } from './check-operations.js'
import { checkJsonShape } from './json-guard.js'
import {
  HASHES_NAME,
  MANIFEST_NAME,
  type Manifest,
  METADATA_NAMES,
  OPERATIONS_NAME,
  type OperationRecord,
  parseHashes,
  parseManifest,
  parseOperationRecords,
} from './manifest.js'
import { refused } from './tar-format.js'
import { type ArchivePiece, readArchive } from './tar-reader.js'
import { sameTop, splitTop } from './top-folder.js'

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

/**
 * Reads the manifest and the metadata of a bundle, wherever they stand in it, and checks them.
 * The first members directly below the top folder count: a file of the user's that has the same name does not
 * (protocol.md §2, 1 and 2). Throws `bundle-refused`.
 */
export async function openBundle(path: string, limits: BundleLimits): Promise<OpenedBundle> {
  const announcement = new Announcement(limits)
  for await (const pieces of readArchive(path, limits)) {
    for (const piece of pieces) announcement.take(piece)
    if (announcement.isComplete) break
  }
  const { texts, topFolder } = announcement
  const manifest = parseManifest(required(texts, MANIFEST_NAME))
  const records = parseOperationRecords(required(texts, OPERATIONS_NAME))
  checkOperations(manifest, records, parseHashes(required(texts, HASHES_NAME)))
  return { path, topFolder: topFolder ?? '', manifest, records }
}

/** Collects the manifest and the metadata; what comes after the last of them is not looked at. */
class Announcement {
  readonly texts = new Map<string, string>()
  topFolder: string | null = null
  readonly #limits: BundleLimits
  #current: { readonly name: string; readonly chunks: Buffer[] } | null = null

  constructor(limits: BundleLimits) {
    this.#limits = limits
  }

  get isComplete(): boolean {
    return this.texts.size === METADATA_NAMES.size
  }

  take(piece: ArchivePiece): void {
    if (this.isComplete) return
    if (piece.kind === 'member') this.#begin(piece.name, piece.size)
    else if (this.#current !== null) {
      this.#current.chunks.push(piece.bytes)
      if (piece.last) this.texts.set(this.#current.name, metadataText(this.#current, this.#limits.members))
    }
  }

  #begin(memberName: string, size: number): void {
    const { metadataBytes } = this.#limits
    const { top, name } = splitTop(memberName)
    this.topFolder = sameTop(this.topFolder, top)
    const isMetadata = METADATA_NAMES.has(name)
    if (isMetadata && this.texts.has(name)) throw refused(`it holds ${name} twice`)
    if (isMetadata && size > metadataBytes) throw refused(`${name} is larger than ${metadataBytes} bytes`)
    this.#current = isMetadata ? { name, chunks: [] } : null
  }
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
