import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { BundleLimits, OpenedBundle } from '../bundle/reader.js'
import { syncDirectory } from '../support/durable-files.js'
import { runGit } from '../support/git.js'
import { checkTree } from './admission.js'
import type { IncomingBundle } from './engine.js'
import { adoptObjects, importBundle } from './import-bundle.js'
import type { Place } from './place.js'
import { type AppliedState, formatRecord, HEAD_REFERENCE } from './record.js'
import type { ChangedFile } from './tree-difference.js'

/** What a bundle was admitted with. */
export interface Admission {
  readonly applied: AppliedState | null
  readonly sequence: number
  readonly appliedAt: string
  readonly limits: BundleLimits
}

/** What was applied, and what it changed; null where nothing was there before, and where that is much. */
export interface Committed {
  readonly state: AppliedState
  readonly difference: readonly ChangedFile[] | null
}

/** A larger difference is asked for again: bundles whose mirror is behind would keep theirs in memory until it follows. */
const MOST_KEPT = 1000

/**
 * Makes an admitted bundle the head of its workspace: all of it is on the disk when this returns, or nothing has changed.
 * Throws `bundle-refused`, and `proof-failed` where it leads to another tree than it announces.
 */
export async function commitBundle(
  place: Place,
  bundle: OpenedBundle,
  incoming: IncomingBundle,
  { applied, sequence, appliedAt, limits }: Admission,
): Promise<Committed> {
  const { manifest } = bundle
  const record = {
    sequence,
    bundleId: manifest.bundle_id,
    digest: incoming.digest,
    workspacePath: incoming.workspacePath,
    collectionName: incoming.collectionName ?? manifest.collection_name,
    createdAt: manifest.created_at,
    appliedAt,
    operations: manifest.operations,
    bytes: incoming.bytes,
  }
  const parent = applied?.commit ?? null
  const quarantine = join(place.incoming, record.bundleId)
  try {
    const imported = await importBundle(place.gitDirectory, quarantine, bundle, parent, formatRecord(record), limits)
    checkTree(bundle, imported.tree)
    await adoptObjects(place.gitDirectory, imported)
    await runGit(place.repository, ['update-ref', HEAD_REFERENCE, imported.commit, parent ?? '0'.repeat(40)])
    // git makes sure of what is in the file, not of its name; and after this the client hears that it is applied.
    await syncDirectory(dirname(join(place.gitDirectory, HEAD_REFERENCE)))
    const { commit, tree, difference } = imported
    const isKept = difference !== null && difference.length <= MOST_KEPT
    return { state: { ...record, commit, tree }, difference: isKept ? difference : null }
  } finally {
    await rm(place.incoming, { recursive: true, force: true })
  }
}
