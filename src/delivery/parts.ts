import type { Operation } from '../delta/operation.js'
import type { BatchSize } from './batch-size.js'
import type { Way } from './dialects/folders-aside.js'
import type { OutboxEntry } from './outbox.js'

/** Operations that go into one bundle, and what is settled when they have gone. */
export interface Part {
  readonly operations: readonly Operation[]
  /** Bundles that were carried out in part; all they had is sent again by the end of this part. */
  readonly settles: readonly OutboxEntry[]
  readonly way: Way
}

/** The operations that are still to be sent. A part that does not get through is cut in half, down to one operation. */
export class Parts {
  readonly #operations: readonly Operation[]
  readonly #sizeOf: (operation: Operation) => number
  readonly #again: Part[] = []
  #at = 0

  constructor(operations: readonly Operation[], sizeOf: (operation: Operation) => number) {
    this.#operations = operations
    this.#sizeOf = sizeOf
  }

  next(limits: Pick<BatchSize, 'operations' | 'bytes'>): Part | undefined {
    return this.#again.shift() ?? this.#cut(limits)
  }

  /** The same operations once more, in two parts. `failed`: the bundle that had them together. */
  halve(part: Part, failed: OutboxEntry | null): void {
    const middle = Math.ceil(part.operations.length / 2)
    const settles = failed === null ? part.settles : [...part.settles, failed]
    const way = failed === null ? part.way : 'no folder aside'
    this.#again.unshift(
      { way, operations: part.operations.slice(0, middle), settles: [] },
      { way, operations: part.operations.slice(middle), settles },
    )
  }

  again(part: Part): void {
    this.#again.unshift(part)
  }

  /** Bytes of content, before compression. */
  bytesOf({ operations }: Part): number {
    return operations.reduce((sum, operation) => sum + this.#sizeOf(operation), 0)
  }

  #cut({ operations: most, bytes: limit }: Pick<BatchSize, 'operations' | 'bytes'>): Part | undefined {
    const start = this.#at
    let bytes = 0
    while (this.#at < this.#operations.length && this.#at - start < most) {
      const operation = this.#operations[this.#at]
      if (operation === undefined) break
      bytes += this.#sizeOf(operation)
      if (bytes > limit && this.#at > start) break
      this.#at++
    }
    if (this.#at === start) return undefined
    return { operations: this.#operations.slice(start, this.#at), settles: [], way: 'usual' }
  }
}
