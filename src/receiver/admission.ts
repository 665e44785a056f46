import type { OpenedBundle } from '../bundle/reader.js'
import { refused } from '../bundle/tar-format.js'
import type { TreeId } from '../delta/operation.js'
import { DeltaError } from '../support/errors.js'
import type { IncomingBundle } from './engine.js'
import type { Place } from './place.js'
import { type AppliedState, findApplied } from './record.js'

/** The form of an upload and the manifest of its bundle say the same. */
export function checkAgreement(bundle: OpenedBundle, incoming: IncomingBundle): void {
  if (bundle.manifest.workspace_path !== incoming.workspacePath) {
    throw refused('its manifest names another workspace than the upload', {
      workspace_path: bundle.manifest.workspace_path,
    })
  }
  const { sequence_number: announced } = bundle.manifest
  if (announced !== null && incoming.sequence !== null && announced !== incoming.sequence) {
    throw refused(`its manifest is of sequence ${announced}, the upload of ${incoming.sequence}`, { announced })
  }
}

/** Where the manifest announces the tree that the bundle leads to, it must lead there. */
export function checkTree(bundle: OpenedBundle, tree: TreeId): void {
  const announced = bundle.manifest.tree
  if (announced === null || announced === tree) return
  throw new DeltaError('proof-failed', 'The bundle does not lead to the tree that it announces.', {
    facts: { announced, tree },
    next: 'The sender has to compare its work tree with the receiver’s listing.',
  })
}

/**
 * The same bundle again, as after a lost answer: it gets the same answer and has no second effect (faults.md I4).
 * Also one that arrives late, after others. The same id with other bytes is refused.
 */
export async function findReplay(
  place: Place,
  applied: AppliedState | null,
  bundle: OpenedBundle,
  incoming: IncomingBundle,
): Promise<AppliedState | null> {
  if (applied === null) return null
  const { bundle_id: id, sequence_number: sequence } = bundle.manifest
  const mayBeOld = sequence === null || sequence <= applied.sequence
  const earlier = applied.bundleId === id ? applied : mayBeOld ? await findApplied(place.repository, id) : null
  if (earlier === null) return null
  if (earlier.digest !== incoming.digest)
    throw refused('another bundle with the same id was applied before', { bundle_id: id })
  return earlier
}

/** The number of this bundle. Strictly the next one, unless forced; it never goes back. */
export function nextSequence(applied: AppliedState | null, bundle: OpenedBundle, incoming: IncomingBundle): number {
  const expected = (applied?.sequence ?? 0) + 1
  const received = incoming.sequence ?? bundle.manifest.sequence_number
  if (received === null || received === expected) return expected
  if (incoming.force) return Math.max(received, expected)
  throw new DeltaError('conflict', `Expected sequence ${expected}, got ${received}.`, { facts: { expected, received } })
}
