import type { BlobId, TreeId } from '../delta/operation.js'
import { treeChanges } from '../snapshot/trees.js'
import { listTree } from '../support/git-objects.js'
import { compareBytes } from '../support/paths.js'
import { examineThere, readRecorded, type There } from './there.js'
import { snapshotNow, type View } from './view.js'

/** One file that is not the same at both ends. */
export interface Difference {
  readonly difference: 'missing there' | 'differs' | 'only there'
  readonly path: string
  /** What is here; null where there is nothing. */
  readonly here: BlobId | null
}

/**
 * - `equal`: every file here is there with the same content, and nothing else;
 * - `pending`: the receiver holds what was confirmed, and the work tree changed since;
 * - `different`: the receiver holds something else than what was confirmed;
 * - `unknown`: it lists nothing, and its sequence or its tree is not the confirmed one.
 */
export type Verdict = 'equal' | 'pending' | 'different' | 'unknown'

export interface VerifyReport {
  readonly event: 'verify'
  readonly receiver: string
  readonly verdict: Verdict
  readonly by: There['by']
  readonly sequence: number
  readonly here: TreeId
  readonly there: TreeId
  readonly files: number
  readonly differences: readonly Difference[]
}

/**
 * Compares the work tree with what the receiver holds, file by file: by its own listing where it can list; else by the
 * record of what it confirmed, which proves only that nothing was lost on this side.
 */
export async function verify(view: View, signal: AbortSignal): Promise<VerifyReport> {
  const { shadow, receiver } = view
  const { tree: here } = await snapshotNow(view)
  const [status, recorded] = await Promise.all([receiver.status(signal), readRecorded(view)])
  const there = await examineThere(view, status, signal)
  // A receiver that lists nothing contradicts the record by another number, or by naming another tree.
  const isContradicted = status.sequence !== recorded.sequence || status.tree !== null
  const verdict = there.by === 'record' && isContradicted ? 'unknown' : judge(here, there, recorded)
  const differences = await differencesBetween(view, there.tree, here)
  const files = (await listTree(shadow.repository, here)).length
  const { by, tree } = there
  const sequence = status.sequence
  return { event: 'verify', receiver: receiver.name, verdict, by, sequence, here, there: tree, files, differences }
}

function judge(here: TreeId, there: There, recorded: There): Verdict {
  if (there.tree === here) return 'equal'
  return there.tree === recorded.tree ? 'pending' : 'different'
}

async function differencesBetween({ shadow }: View, there: TreeId, here: TreeId): Promise<Difference[]> {
  const changes = await treeChanges(shadow.repository, there, here)
  const differences = changes.flatMap((change): Difference[] => {
    const { kind, path } = change
    if (kind === 'removed') return [{ difference: 'only there', path, here: null }]
    if (kind === 'updated') return [{ difference: 'differs', path, here: change.blob }]
    const missing: Difference = { difference: 'missing there', path, here: change.blob }
    return kind === 'created' ? [missing] : [missing, { difference: 'only there', path: change.source, here: null }]
  })
  return differences.sort((left, right) => compareBytes(left.path, right.path))
}
