import { printable } from '../support/text.js'
import { ContentHash } from './content-hash.js'
import { HISTORY_NAME, METADATA_NAMES, memberName, type OperationRecord } from './manifest.js'
import type { BundleLimits, OpenedBundle } from './reader.js'
import { refused } from './tar-format.js'
import { type ArchivePiece, readArchive } from './tar-reader.js'
import { sameTop, splitTop } from './top-folder.js'

/** A piece of the content of `records[index]`; with the last one its size and hash have been verified. */
export interface ContentPiece {
  readonly index: number
  readonly size: number
  readonly bytes: Buffer
  readonly last: boolean
}

/**
 * Reads the contents of an opened bundle, in the order of the archive, several pieces at a time, and verifies every one
 * of them. Ends only when every announced content came exactly once and nothing else was there. Throws `bundle-refused`
 * (faults.md row 94).
 */
export async function* readContents(
  bundle: OpenedBundle,
  limits: BundleLimits,
): AsyncGenerator<readonly ContentPiece[]> {
  const contents = new AnnouncedContents(bundle)
  for await (const pieces of readArchive(bundle.path, limits)) yield contents.take(pieces)
  contents.finish()
}

/** Lets through what the operations announce, verified, and refuses everything else. */
class AnnouncedContents {
  readonly #bundle: OpenedBundle
  readonly #expected = new Map<string, number>()
  readonly #seen = new Set<string>()
  #current: ContentCheck | null = null

  constructor(bundle: OpenedBundle) {
    this.#bundle = bundle
    bundle.records.forEach((record, index) => {
      if (record.operation !== 'deleted' && record.content_included !== false)
        this.#expected.set(memberName(record.operation, record.path), index)
    })
  }

  take(pieces: readonly ArchivePiece[]): ContentPiece[] {
    const contents: ContentPiece[] = []
    for (const piece of pieces) {
      if (piece.kind === 'member') this.#current = this.#begin(piece.name, piece.size)
      else if (this.#current !== null) {
        this.#current.take(piece.bytes, piece.last)
        const { index, size } = this.#current
        contents.push({ index, size, bytes: piece.bytes, last: piece.last })
      }
    }
    return contents
  }

  finish(): void {
    const [missing] = this.#expected.keys()
    if (missing !== undefined)
      throw refused(`it announces ${printable(missing)} but does not hold it`, { member: missing })
  }

  #begin(memberName: string, size: number): ContentCheck | null {
    const { top, name } = splitTop(memberName)
    sameTop(this.#bundle.topFolder, top)
    if (this.#seen.has(name)) throw refused(`it holds ${printable(name)} twice`)
    this.#seen.add(name)
    const index = this.#expected.get(name)
    const record = index === undefined ? undefined : this.#bundle.records[index]
    this.#expected.delete(name)
    if (index !== undefined && record !== undefined) return new ContentCheck(index, record, size)
    // The history that other clients put beside the contents is read past, never used.
    if (METADATA_NAMES.has(name) || name === HISTORY_NAME) return null
    throw refused(`it holds ${printable(name)}, which no operation announces`, { member: name })
  }
}

/** Verifies one content while it streams by. */
class ContentCheck {
  readonly index: number
  readonly size: number
  readonly #record: OperationRecord
  readonly #hash = new ContentHash()

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
    const sha1 = this.#hash.take(bytes, last)
    if (sha1 !== null && `sha1:${sha1}` !== this.#record.content_hash) {
      throw refused(`the content of ${printable(this.#record.path)} does not have the announced hash`, {
        path: this.#record.path,
      })
    }
  }
}
