import { listedTree } from '../delivery/prepare.js'
import type { ReceiverStatus } from '../delivery/receiver.js'
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

/** What the receiver holds, as exactly as it can tell. */
export async function examineThere(view: View, status: ReceiverStatus, signal: AbortSignal): Promise<There> {
  const { shadow, receiver } = view
  if (!status.canListTree) return await recallThere(view, status)
  return { tree: await listedTree(shadow, receiver, signal), sequence: status.sequence, by: 'listing' }
}

/** The same, without a listing where one id says as much. Where the receiver does not answer, what is recorded. */
export async function askOrRecall(
  view: View,
  signal: AbortSignal,
): Promise<{ there: There; unreachable: DeltaError | null }> {
  try {
    const status = await view.receiver.status(signal)
    const recalled = await recallThere(view, status)
    const there = recalled.by === 'tree' ? recalled : await examineThere(view, status, signal)
    return { there, unreachable: null }
  } catch (thrown) {
    signal.throwIfAborted()
    return { there: await readRecorded(view), unreachable: asDeltaError(thrown) }
  }
}

export async function readRecorded({ shadow, receiver }: View): Promise<There> {
  const confirmed = await readConfirmed(shadow, receiver.key)
  return { tree: confirmed?.tree ?? EMPTY_TREE, sequence: confirmed?.sequence ?? 0, by: 'record' }
}

async function recallThere(view: View, status: ReceiverStatus): Promise<There> {
  const recorded = await readRecorded(view)
  return status.tree === recorded.tree ? { ...recorded, sequence: status.sequence, by: 'tree' } : recorded
}
