import { createHash, hash } from 'node:crypto'

/** The SHA-1 of contents that stream by one after another. One that comes in one piece, as most do, costs one call. */
export class ContentHash {
  #digest: ReturnType<typeof createHash> | null = null

  /** Whether the next piece is the first of a content. */
  get isAtStart(): boolean {
    return this.#digest === null
  }

  /** Takes a piece; with the last one of a content, returns its hash in hexadecimal digits and begins anew. */
  take(bytes: Buffer, last: boolean): string | null {
    if (last && this.#digest === null) return hash('sha1', bytes, 'hex')
    const digest = (this.#digest ?? createHash('sha1')).update(bytes)
    this.#digest = last ? null : digest
    return last ? digest.digest('hex') : null
  }
}
