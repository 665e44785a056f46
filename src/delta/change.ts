import { DeltaError } from '../support/errors.js'
import type { BlobId } from './operation.js'

/** One difference between two trees, as git found it. A rename here is exact: the same bytes at another path. */
export type TreeChange =
  | { readonly kind: 'added'; readonly path: string; readonly blob: BlobId }
  | { readonly kind: 'modified'; readonly path: string; readonly blob: BlobId }
  | { readonly kind: 'removed'; readonly path: string }
  | { readonly kind: 'renamed'; readonly path: string; readonly source: string; readonly blob: BlobId }

/** Reads the output of `git diff-tree -r --raw -z -M100%`. A change of mode alone is no change. */
export function parseTreeChanges(output: Buffer): TreeChange[] {
  const changes: TreeChange[] = []
  let at = 0
  const next = (encoding: 'latin1' | 'utf8'): string => {
    const end = output.indexOf(0, at)
    if (end === -1) throw new DeltaError('internal', 'git diff-tree ended in the middle of an entry.')
    const field = output.toString(encoding, at, end)
    at = end + 1
    return field
  }
  while (at < output.length) {
    const header = next('latin1')
    const [, , oldBlob = '', newBlob = '', status = ''] = header.split(' ')
    const path = next('utf8')
    const kind = status.charAt(0)
    if (kind === 'A') changes.push({ kind: 'added', path, blob: newBlob })
    else if (kind === 'D') changes.push({ kind: 'removed', path })
    else if (kind === 'R') changes.push({ kind: 'renamed', source: path, path: next('utf8'), blob: newBlob })
    else if (kind !== 'M' && kind !== 'T') throw unreadable(header)
    else if (oldBlob !== newBlob) changes.push({ kind: 'modified', path, blob: newBlob })
  }
  return changes
}

function unreadable(header: string): DeltaError {
  return new DeltaError('internal', 'git diff-tree printed an entry that is not understood.', {
    facts: { entry: header },
  })
}
