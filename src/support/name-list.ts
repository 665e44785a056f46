import { nulTerminated } from './text.js'

/** Bytes of names that stand together; most lists need one such piece or none. */
const PIECE = 1 << 16

/**
 * Many names in little memory: their bytes stand one after another, each ended by a NUL, and a name that is taken out is
 * a view of them. An object for each would take three times as much.
 */
export class NameList implements Iterable<Buffer> {
  readonly #full: Buffer[] = []
  #piece: Buffer = Buffer.alloc(0)
  #filled = 0
  #length = 0

  get length(): number {
    return this.#length
  }

  /** The bytes are copied. */
  add(name: Buffer): void {
    const needed = name.length + 1
    if (this.#filled + needed > this.#piece.length) {
      this.#full.push(this.#piece.subarray(0, this.#filled))
      this.#piece = Buffer.allocUnsafe(Math.max(PIECE, needed))
      this.#filled = 0
    }
    name.copy(this.#piece, this.#filled)
    this.#piece[this.#filled + name.length] = 0
    this.#filled += needed
    this.#length++
  }

  *[Symbol.iterator](): Generator<Buffer> {
    for (const piece of this.#full) yield* nulTerminated(piece)
    yield* nulTerminated(this.#piece.subarray(0, this.#filled))
  }
}
