import { DeltaError } from '../support/errors.js'
import { splitNul } from '../support/text.js'
import type { BlobId } from './operation.js'

/** One difference between two trees, as git found it. A rename here is exact: the same bytes at another path. */
export type TreeChange =
  | { readonly kind: 'added'; readonly path: string; readonly blob: BlobId }
  | { readonly kind: 'modified'; readonly path: string; readonly blob: BlobId }
  | { readonly kind: 'removed'; readonly path: string }
  | { readonly kind: 'renamed'; readonly path: string; readonly source: string; readonly blob: BlobId }

/** Reads the output of `git diff-tree -r --raw -z -M100%`. A change of mode alone is no change. */
export function parseTreeChanges(output: Buffer): TreeChange[] {
  const fields = splitNul(output)[Symbol.iterator]()
  const changes: TreeChange[] = []
  for (const header of fields) {
    const [, , oldBlob, newBlob, status] = header.toString('latin1').split(' ')
    const path = nextPath(fields)
    if (status === undefined || oldBlob === undefined || newBlob === undefined) throw unreadable(header)
    const kind = status.charAt(0)
    if (kind === 'A') changes.push({ kind: 'added', path, blob: newBlob })
    else if (kind === 'D') changes.push({ kind: 'removed', path })
    else if (kind === 'R') changes.push({ kind: 'renamed', source: path, path: nextPath(fields), blob: newBlob })
    else if (kind !== 'M' && kind !== 'T') throw unreadable(header)
    else if (oldBlob !== newBlob) changes.push({ kind: 'modified', path, blob: newBlob })
  }
  return changes
}

function nextPath(fields: Iterator<Buffer>): string {
  const field = fields.next()
  if (field.done === true) throw new DeltaError('internal', 'git diff-tree ended in the middle of an entry.')
  return field.value.toString('utf8')
}

function unreadable(header: Buffer): DeltaError {
  return new DeltaError('internal', 'git diff-tree printed an entry that is not understood.', {
    facts: { entry: header.toString('latin1') },
  })
}
