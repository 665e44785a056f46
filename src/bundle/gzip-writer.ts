import type { FileHandle } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'

const compress = promisify(gzip)

/** Small enough to keep memory low, large enough that compressing each piece by itself costs next to nothing. */
const PIECE = 1 << 20

const IN_FLIGHT = 3

/**
 * Compresses a stream into a file, piece by piece, several pieces at a time (zlib runs outside the JavaScript thread).
 * Each piece becomes a gzip member of its own; every reader of gzip takes members one after another as one stream.
 * Equal input gives equal output, because pieces end at fixed places.
 */
export class GzipWriter {
  readonly #file: FileHandle
  readonly #level: number
  readonly #pending: Buffer[] = []
  readonly #compressing: Promise<Buffer>[] = []
  #pendingBytes = 0
  #written = 0

  constructor(file: FileHandle, level: number) {
    this.#file = file
    this.#level = level
  }

  /** Compressed bytes written so far. */
  get written(): number {
    return this.#written
  }

  /** The bytes must not change afterwards. Waits while too much is in flight. */
  async write(bytes: Buffer): Promise<void> {
    let rest = bytes
    while (this.#pendingBytes + rest.length >= PIECE) {
      const taken = PIECE - this.#pendingBytes
      this.#pending.push(rest.subarray(0, taken))
      rest = rest.subarray(taken)
      this.#startPiece()
      if (this.#compressing.length > IN_FLIGHT) await this.#storeNext()
    }
    if (rest.length > 0) {
      this.#pending.push(rest)
      this.#pendingBytes += rest.length
    }
  }

  /** Ends the stream; afterwards everything is in the file. */
  async finish(): Promise<void> {
    if (this.#pendingBytes > 0) this.#startPiece()
    while (this.#compressing.length > 0) await this.#storeNext()
  }

  #startPiece(): void {
    const piece = Buffer.concat(this.#pending)
    this.#pending.length = 0
    this.#pendingBytes = 0
    const compressed = compress(piece, { level: this.#level, memLevel: 9, chunkSize: 1 << 19 })
    // A failure is reported where the piece is awaited, in order.
    compressed.catch(() => undefined)
    this.#compressing.push(compressed)
  }

  async #storeNext(): Promise<void> {
    const compressed = await this.#compressing.shift()
    if (compressed === undefined) return
    await this.#file.writeFile(compressed)
    this.#written += compressed.length
  }
}
