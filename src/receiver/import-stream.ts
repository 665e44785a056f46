import type { Writable } from 'node:stream'
import { BufferPool } from '../support/buffer-pool.js'

/** What is handed over at a time. */
const PIECE = 1 << 17

/** Writes to fast-import, gathering what is small. The buffers are used again when git has taken what was in them. */
export class ImportStream {
  readonly #stdin: Writable
  readonly #ended: Promise<unknown>
  readonly #pieces = new BufferPool(PIECE)
  #piece: Buffer = this.#pieces.take()
  #filled = 0

  constructor(stdin: Writable, ended: Promise<unknown>) {
    this.#stdin = stdin
    this.#ended = ended
  }

  /** More was handed over than git has taken. */
  get isFull(): boolean {
    return this.#stdin.writableNeedDrain
  }

  /** The bytes are copied. Nothing is waited for: whoever writes much calls {@link room} now and then. */
  write(data: string | Buffer): void {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data
    let taken = 0
    while (taken < bytes.length) {
      const length = bytes.copy(this.#piece, this.#filled, taken)
      this.#filled += length
      taken += length
      if (this.#filled === PIECE) this.#handOver()
    }
  }

  /** Waits where fast-import is slower. */
  async room(): Promise<void> {
    if (!this.isFull) return
    // Where git ended early, no 'drain' ever comes.
    const drained = new Promise((resolve) => this.#stdin.once('drain', resolve))
    await Promise.race([drained, this.#ended])
  }

  end(): void {
    this.#handOver()
    this.#stdin.end()
  }

  #handOver(): void {
    const piece = this.#piece
    this.#stdin.write(piece.subarray(0, this.#filled), () => this.#pieces.give(piece))
    this.#piece = this.#pieces.take()
    this.#filled = 0
  }
}
