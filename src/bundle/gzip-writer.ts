import type { FileHandle } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { BufferPool } from '../support/buffer-pool.js'

const compress = promisify(gzip)

/** Small enough to keep memory low, large enough that compressing each piece by itself costs next to nothing. */
const PIECE = 1 << 20

const IN_FLIGHT = 3

const pieces = new BufferPool(PIECE)

/** A piece that is being compressed. */
interface Running {
  readonly input: Buffer
  readonly output: Promise<Buffer>
}

/**
 * Compresses a stream into a file, piece by piece, several pieces at a time (zlib runs outside the JavaScript thread).
 * Each piece becomes a gzip member of its own; every reader of gzip takes members one after another as one stream.
 * Equal input gives equal output, because pieces end at fixed places.
 */
export class GzipWriter {
  readonly #file: FileHandle
  readonly #level: number
  readonly #running: Running[] = []
  #piece: Buffer = pieces.take()
  #filled = 0
  #written = 0

  constructor(file: FileHandle, level: number) {
    this.#file = file
    this.#level = level
  }

  /** Compressed bytes written so far. */
  get written(): number {
    return this.#written
  }

  /** The bytes are copied. Nothing is waited for: whoever writes much calls {@link room} now and then. */
  write(bytes: Buffer): void {
    let taken = 0
    while (taken < bytes.length) {
      const length = bytes.copy(this.#piece, this.#filled, taken)
      this.#filled += length
      taken += length
      if (this.#filled < PIECE) return
      this.#startPiece()
      this.#piece = pieces.take()
    }
  }

  /** Waits while too much is in flight. */
  async room(): Promise<void> {
    while (this.#running.length > IN_FLIGHT) await this.#storeNext()
  }

  /** Ends the stream; afterwards everything is in the file, and the writer is used no more. */
  async finish(): Promise<void> {
    if (this.#filled > 0) this.#startPiece()
    else pieces.give(this.#piece)
    while (this.#running.length > 0) await this.#storeNext()
  }

  #startPiece(): void {
    const input = this.#piece
    const output = compress(input.subarray(0, this.#filled), { level: this.#level, memLevel: 9, chunkSize: 1 << 16 })
    // A failure is reported where the piece is awaited, in order.
    output.catch(() => undefined)
    this.#running.push({ input, output })
    this.#filled = 0
  }

  async #storeNext(): Promise<void> {
    const next = this.#running.shift()
    if (next === undefined) return
    const compressed = await next.output
    pieces.give(next.input)
    await this.#file.writeFile(compressed)
    this.#written += compressed.length
  }
}
