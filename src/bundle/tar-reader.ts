import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createGunzip } from 'node:zlib'
import { systemErrorCode } from '../support/errors.js'
import { BLOCK, decodeHeaderBlock, decodePaxRecords, type PaxExtension, refused } from './tar-format.js'

export interface ArchiveLimits {
  readonly uncompressedBytes: number
  readonly members: number
}

/** What is read from an archive, in its order: a member's header, then its content in pieces. */
export type ArchivePiece =
  | { readonly kind: 'member'; readonly name: string; readonly size: number }
  | { readonly kind: 'bytes'; readonly bytes: Buffer; readonly last: boolean }

const MAX_EXTENSION = 64 * 1024

/**
 * Reads a `.tar.gz` from its beginning to its very end, several pieces at a time. Nothing is extracted. Throws
 * `bundle-refused` for whatever is not a plain archive of regular files: a damaged or truncated stream, bytes after its end, members beyond the limits.
 */
export async function* readArchive(path: string, limits: ArchiveLimits): AsyncGenerator<readonly ArchivePiece[]> {
  const { size: fileSize } = await stat(path)
  const gunzip = createGunzip({ chunkSize: 1 << 18 })
  const file = createReadStream(path, { highWaterMark: 1 << 18 })
  file.on('error', (thrown) => gunzip.destroy(thrown))
  file.pipe(gunzip)
  const parser = new ArchiveParser(limits)
  try {
    for await (const chunk of gunzip) yield [...parser.take(chunk)]
    parser.finish()
    if (gunzip.bytesWritten !== fileSize) throw refused('there are bytes after its end')
  } catch (thrown) {
    if (isGzipError(thrown)) throw refused('it is not a complete gzip file')
    throw thrown
  } finally {
    file.destroy()
    gunzip.destroy()
  }
}

function isGzipError(thrown: unknown): boolean {
  return /^Z_/.test(systemErrorCode(thrown) ?? '')
}

/** Cuts an archive into members. Keeps at most one header block, or one extended header, between two calls. */
class ArchiveParser {
  readonly #limits: ArchiveLimits
  #state: 'header' | 'extension' | 'content' | 'padding' | 'ended' = 'header'
  #extension: PaxExtension = {}
  #collected: Buffer[] = []
  #missing = BLOCK
  #paddingAfter = 0
  #members = 0
  #total = 0

  constructor(limits: ArchiveLimits) {
    this.#limits = limits
  }

  *take(chunk: Buffer): Generator<ArchivePiece> {
    this.#total += chunk.length
    if (this.#total > this.#limits.uncompressedBytes) {
      throw refused(`it is larger than ${this.#limits.uncompressedBytes} bytes when unpacked`)
    }
    let rest = chunk
    while (rest.length > 0) {
      if (this.#state === 'ended') {
        if (rest.some((byte) => byte !== 0)) throw refused('there are bytes after the end of the archive')
        return
      }
      const part = rest.subarray(0, this.#missing)
      rest = rest.subarray(part.length)
      this.#missing -= part.length
      if (this.#state === 'content') yield { kind: 'bytes', bytes: part, last: this.#missing === 0 }
      else if (this.#state !== 'padding') this.#collected.push(part)
      if (this.#missing === 0) yield* this.#advance()
    }
  }

  finish(): void {
    if (this.#state !== 'ended') throw refused('the archive is truncated')
  }

  *#advance(): Generator<ArchivePiece> {
    if (this.#state === 'content') return this.#expect('padding', this.#paddingAfter)
    if (this.#state === 'padding') return this.#expect('header', BLOCK)
    const collected = this.#collected.length === 1 ? this.#collected[0] : undefined
    const bytes = collected ?? Buffer.concat(this.#collected)
    this.#collected = []
    if (this.#state === 'extension') {
      this.#extension = decodePaxRecords(bytes.subarray(0, bytes.length - this.#paddingAfter))
      return this.#expect('header', BLOCK)
    }
    yield* this.#header(bytes)
  }

  *#header(block: Buffer): Generator<ArchivePiece> {
    const header = decodeHeaderBlock(block, this.#extension)
    if (header.kind === 'end') {
      this.#state = 'ended'
      return
    }
    if (++this.#members > this.#limits.members) throw refused(`it has more than ${this.#limits.members} members`)
    if (header.kind === 'directory') {
      this.#extension = {}
      return this.#expect('header', BLOCK)
    }
    this.#paddingAfter = (BLOCK - (header.size % BLOCK)) % BLOCK
    if (header.kind === 'extension') {
      if (header.size > MAX_EXTENSION) throw refused('an extended header is too long')
      return this.#expect('extension', header.size + this.#paddingAfter)
    }
    this.#extension = {}
    yield { kind: 'member', name: header.name, size: header.size }
    if (header.size === 0) yield { kind: 'bytes', bytes: Buffer.alloc(0), last: true }
    this.#expect('content', header.size)
  }

  #expect(state: 'header' | 'extension' | 'content' | 'padding', bytes: number): void {
    this.#state = state
    this.#missing = bytes
    if (bytes > 0) return
    if (state === 'content') this.#expect('padding', this.#paddingAfter)
    else if (state === 'padding') this.#expect('header', BLOCK)
    else throw refused('an extended header is empty')
  }
}
