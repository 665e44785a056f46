import { DeltaError } from '../support/errors.js'
import type { BlobId, Operation } from './operation.js'

/**
 * One difference between two trees, as git found it. A rename here is exact: the same bytes at another path. A file that is
 * new or different is just what an operation tells of it, so that a large delta need not be made twice.
 */
export type TreeChange =
  | Extract<Operation, { kind: 'created' | 'updated' }>
  | { readonly kind: 'removed'; readonly path: string }
  | { readonly kind: 'renamed'; readonly path: string; readonly source: string; readonly blob: BlobId }

/**
 * Reads the output of `git diff-tree -r --raw --no-abbrev -z -M100%` as it arrives: `:<mode> <mode> <old blob> <new blob>
 * <status>`, NUL, path, NUL, and for a rename another path, NUL. A change of mode alone is no change. Each name is cut from
 * the bytes by itself: a part of a longer text would keep all of it in memory.
 */
export class TreeChangesReader {
  readonly #changes: TreeChange[] = []
  /** An entry that has not come to its end. */
  #carry: Buffer = Buffer.alloc(0)

  take(chunk: Buffer): void {
    const bytes = this.#carry.length === 0 ? chunk : Buffer.concat([this.#carry, chunk])
    let start = 0
    for (let end = this.#entry(bytes, start); end !== null; end = this.#entry(bytes, start)) start = end
    this.#carry = Buffer.from(bytes.subarray(start))
  }

  /** All of them. Throws where the output ended in the middle of one. */
  finish(): readonly TreeChange[] {
    if (this.#carry.length > 0) throw new DeltaError('internal', 'git diff-tree ended in the middle of an entry.')
    return this.#changes
  }

  /** Reads an entry; returns where the next one begins, or null where this one is not whole. */
  #entry(bytes: Buffer, start: number): number | null {
    const headerEnd = bytes.indexOf(0, start)
    const pathEnd = headerEnd === -1 ? -1 : bytes.indexOf(0, headerEnd + 1)
    if (pathEnd === -1) return null
    const kind = String.fromCharCode(bytes[start + STATUS] ?? 0)
    const blob = bytes.toString('latin1', start + NEW_BLOB, start + STATUS - 1)
    const path = bytes.toString('utf8', headerEnd + 1, pathEnd)
    if (kind === 'R') return this.#rename(bytes, pathEnd + 1, { source: path, blob })
    if (kind === 'A') this.#changes.push({ kind: 'created', path, blob })
    else if (kind === 'D') this.#changes.push({ kind: 'removed', path })
    else if (kind !== 'M' && kind !== 'T') throw unreadable(bytes.toString('latin1', start, headerEnd))
    else if (bytes.compare(bytes, start + NEW_BLOB, start + STATUS - 1, start + OLD_BLOB, start + NEW_BLOB - 1) !== 0)
      this.#changes.push({ kind: 'updated', path, blob })
    return pathEnd + 1
  }

  #rename(bytes: Buffer, start: number, from: { readonly source: string; readonly blob: BlobId }): number | null {
    const end = bytes.indexOf(0, start)
    if (end === -1) return null
    this.#changes.push({ kind: 'renamed', ...from, path: bytes.toString('utf8', start, end) })
    return end + 1
  }
}

/** Where the fields of an entry begin; modes have six digits, names of blobs forty. */
const [OLD_BLOB, NEW_BLOB, STATUS] = [15, 56, 97]

function unreadable(header: string): DeltaError {
  return new DeltaError('internal', 'git diff-tree printed an entry that is not understood.', {
    facts: { entry: header },
  })
}
