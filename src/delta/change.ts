import { DeltaError } from '../support/errors.js'
import type { BlobId } from './operation.js'

/** One difference between two trees, as git found it. A rename here is exact: the same bytes at another path. */
export type TreeChange =
  | { readonly kind: 'added'; readonly path: string; readonly blob: BlobId }
  | { readonly kind: 'modified'; readonly path: string; readonly blob: BlobId }
  | { readonly kind: 'removed'; readonly path: string }
  | { readonly kind: 'renamed'; readonly path: string; readonly source: string; readonly blob: BlobId }

/**
 * Reads the output of `git diff-tree -r --raw --no-abbrev -z -M100%`: `:<mode> <mode> <old blob> <new blob> <status>`, NUL,
 * path, NUL, and for a rename another path, NUL. A change of mode alone is no change. Each name is cut from the bytes by
 * itself: a part of a longer text would keep all of it in memory.
 */
export function parseTreeChanges(output: Buffer): TreeChange[] {
  const changes: TreeChange[] = []
  let at = 0
  const fieldEnd = (): number => {
    const end = output.indexOf(0, at)
    if (end === -1) throw new DeltaError('internal', 'git diff-tree ended in the middle of an entry.')
    return end
  }
  const nextPath = (): string => {
    const end = fieldEnd()
    const path = output.toString('utf8', at, end)
    at = end + 1
    return path
  }
  while (at < output.length) {
    const start = at
    at = fieldEnd() + 1
    const blob = output.toString('latin1', start + NEW_BLOB, start + STATUS - 1)
    const kind = String.fromCharCode(output[start + STATUS] ?? 0)
    const path = nextPath()
    if (kind === 'A') changes.push({ kind: 'added', path, blob })
    else if (kind === 'D') changes.push({ kind: 'removed', path })
    else if (kind === 'R') changes.push({ kind: 'renamed', source: path, path: nextPath(), blob })
    else if (kind !== 'M' && kind !== 'T') throw unreadable(output.toString('latin1', start, at - 1))
    else if (output.compare(output, start + NEW_BLOB, start + STATUS - 1, start + OLD_BLOB, start + NEW_BLOB - 1) !== 0)
      changes.push({ kind: 'modified', path, blob })
  }
  return changes
}

/** Where the fields of an entry begin; modes have six digits, names of blobs forty. */
const [OLD_BLOB, NEW_BLOB, STATUS] = [15, 56, 97]

function unreadable(header: string): DeltaError {
  return new DeltaError('internal', 'git diff-tree printed an entry that is not understood.', {
    facts: { entry: header },
  })
}
