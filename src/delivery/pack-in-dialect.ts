import type { GitHistory } from '../bundle/git-history.js'
import { countOperations, type TreeId } from '../delta/operation.js'
import { treeAfter } from '../snapshot/trees.js'
import type { Dialect } from './dialects/dialect.js'
import { type AsideSituation, foldersAside, type OldFolders } from './dialects/folders-aside.js'
import { stepsFor } from './dialects/steps.js'
import type { SynchroniseJob } from './job.js'
import type { OutboxEntry } from './outbox.js'
import { packBundle } from './pack.js'
import type { Part } from './parts.js'
import type { ReceiverStatus } from './receiver.js'

/** What is known of the place that all parts of a delta go to. */
export interface Destination {
  readonly isResync: boolean
  /** Every file is written, whatever the server believes to have. */
  readonly isForced: boolean
  readonly folders: OldFolders
}

/** Where one part follows on. */
export interface PartPlace {
  readonly base: TreeId
  readonly status: ReceiverStatus
  /** In the outbox. */
  readonly position: number
  readonly history: GitHistory | null
}

/** Writes one part into the outbox: the steps that the dialect of the receiver takes for its operations. */
export async function packInDialect(
  { shadow, outbox, options, context }: SynchroniseJob,
  part: Part,
  destination: Destination,
  { base, status: { dialect, sequence: last }, position, history }: PartPlace,
): Promise<OutboxEntry> {
  const { operations } = part
  const id = context.randomId()
  const asides = foldersAside(operations, { ...situationOf(part, dialect, destination), bundleId: id })
  const { steps, guards } = stepsFor(operations, dialect, { asides, isForced: destination.isForced })
  const place = { id, position, sequence: last + 1, manifestSequence: null }
  const content = { base, target: await treeAfter(shadow, base, operations), operations: steps, guards, history }
  const { workspacePath, collectionName } = options
  const identity = { workspacePath, collectionName, now: context.now }
  const rendering = { dialect: dialect.name, operations: countOperations(operations) }
  return await packBundle(shadow, outbox, place, content, identity, rendering)
}

/** What decides how folders are treated in a part. */
export function situationOf(
  { way }: Part,
  dialect: Dialect,
  { folders, isResync }: Destination,
): Omit<AsideSituation, 'bundleId'> {
  return { dialect, folders, isResync, way }
}
