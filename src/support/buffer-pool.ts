/** Buffers of one size that are used again and again: new ones each time would make V8 look for garbage early. */
export class BufferPool {
  readonly #size: number
  readonly #free: Buffer[] = []

  constructor(size: number) {
    this.#size = size
  }

  /** What is in it is what was left there; what is never touched takes no memory. */
  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#size)
  }

  give(buffer: Buffer): void {
    this.#free.push(buffer)
  }
}
