/** How long a bundle may take from its first byte to its confirmation: short enough to lose little, long enough to be few. */
const AIM_MILLISECONDS = 3000
/** A server that indexes before it answers may need a second for each file. */
const FIRST = 50
const SMALLEST = 25
/** Applying grows with the square of the operations on most generations (protocol.md §2, 6). */
const LARGEST = 2000

/** How much goes into the next bundle, by how the server took the last ones. */
export class BatchSize {
  readonly #largest: number
  #operations: number
  #bytes: number

  constructor(limits: { readonly operations: number; readonly bytes: number }) {
    this.#largest = Math.min(LARGEST, limits.operations)
    this.#operations = Math.min(FIRST, this.#largest)
    this.#bytes = limits.bytes
  }

  get operations(): number {
    return this.#operations
  }

  /** Bytes of content before compression. */
  get bytes(): number {
    return this.#bytes
  }

  /** Learns from a bundle that was applied. */
  applied(operations: number, milliseconds: number): void {
    const wanted = Math.round((operations * AIM_MILLISECONDS) / Math.max(1, milliseconds))
    const isTelling = operations * 2 > this.#operations || wanted < this.#operations
    if (isTelling) this.#operations = Math.min(this.#largest, this.#operations * 4, Math.max(SMALLEST, wanted))
  }

  /** Learns from a bundle that was too large. */
  tooLarge(bytes: number): void {
    this.#bytes = Math.max(1, Math.min(this.#bytes, Math.floor(bytes / 2)))
  }
}
