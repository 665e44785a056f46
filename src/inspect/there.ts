import { listedTree } from '../delivery/prepare.js'
import type { TreeId } from '../delta/operation.js'
import { readConfirmed } from '../snapshot/confirmed.js'
import { asDeltaError, type DeltaError } from '../support/errors.js'
import { EMPTY_TREE } from '../support/git.js'
import type { View } from './view.js'

/** What the receiver holds, as a tree here. */
export interface There {
  readonly tree: TreeId
  readonly sequence: number
  /**
   * How it is known: `listing`, the receiver named every file just now; `tree`, it named the id of the confirmed
   * snapshot; `record`, it does not tell, so this is what it confirmed last.
   */
  readonly by: 'listing' | 'tree' | 'record'
}

/** Asks the receiver, as exactly as it can tell. With `listing`, by every file wherever it can list them. */
export async function askThere(view: View, want: 'listing' | 'tree', signal: AbortSignal): Promise<There> {
  const { shadow, receiver } = view
  const [status, recorded] = await Promise.all([receiver.status(signal), readRecorded(view)])
  const { sequence } = status
  if (want === 'tree' && status.tree === recorded.tree) return { tree: recorded.tree, sequence, by: 'tree' }
  if (status.canListTree) return { tree: await listedTree(shadow, receiver, signal), sequence, by: 'listing' }
  return status.tree === recorded.tree ? { ...recorded, sequence, by: 'tree' } : recorded
}

/** Like {@link askThere}, or what is recorded where the receiver does not answer. */
export async function askOrRecall(
  view: View,
  signal: AbortSignal,
): Promise<{ there: There; unreachable: DeltaError | null }> {
  try {
    return { there: await askThere(view, 'tree', signal), unreachable: null }
  } catch (thrown) {
    signal.throwIfAborted()
    return { there: await readRecorded(view), unreachable: asDeltaError(thrown) }
  }
}

export async function readRecorded({ shadow, receiver }: View): Promise<There> {
  const confirmed = await readConfirmed(shadow, receiver.key)
  return { tree: confirmed?.tree ?? EMPTY_TREE, sequence: confirmed?.sequence ?? 0, by: 'record' }
}
