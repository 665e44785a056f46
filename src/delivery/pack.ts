import type { GitHistory } from '../bundle/git-history.js'
import type { BundleRequest } from '../bundle/metadata.js'
import { writeBundle } from '../bundle/writer.js'
import type { Delta, Operation, TreeId } from '../delta/operation.js'
import { type PlanLimits, type PlannedOperation, planParts } from '../delta/plan.js'
import type { Shadow } from '../snapshot/shadow.js'
import { treeAfter } from '../snapshot/trees.js'
import { blobSizes, readBlobs } from '../support/git-objects.js'
import type { Outbox, OutboxEntry } from './outbox.js'

export interface PackOptions {
  readonly workspacePath: string
  readonly collectionName: string
  readonly limits: PlanLimits
  readonly movesCarryContent: boolean
  /** The sequence that the receiver is at; the first bundle gets the next one. */
  readonly sequence: number
  /** The place of the first bundle in the outbox. */
  readonly position: number
  readonly now: () => Date
  readonly randomId: () => string
  /** Commits that the first bundle tells of. */
  readonly history: GitHistory | null
}

/**
 * Writes a delta into the outbox, bundle by bundle. While the consumer is busy with one bundle the next is made.
 * Throws `objects-missing`.
 */
export async function* packParts(
  shadow: Shadow,
  outbox: Outbox,
  delta: Delta,
  options: PackOptions,
): AsyncGenerator<OutboxEntry> {
  const parts = await partsOf(shadow, delta, options)
  const packNext = packer(shadow, outbox, delta, parts, options)
  let coming = packNext()
  try {
    for (let entry = await coming; entry !== null; entry = await coming) {
      coming = packNext()
      yield entry
    }
  } finally {
    // Where the consumer stopped early, nothing may be written behind its back; a failure is then of no interest.
    await Promise.allSettled([coming])
  }
}

async function partsOf(shadow: Shadow, delta: Delta, options: PackOptions): Promise<PlannedOperation[][]> {
  const blobs = [...contentBlobs(delta.operations)]
  // A single content is never split, whatever its size is.
  const sizes = blobs.length > 1 ? await blobSizes(shadow.repository, blobs) : new Map<string, number>()
  return planParts(delta.operations, {
    limits: options.limits,
    sizeOf: (blob) => sizes.get(blob) ?? 0,
    movesCarryContent: options.movesCarryContent,
  })
}

function* contentBlobs(operations: readonly Operation[]): Generator<string> {
  for (const operation of operations) if (operation.kind !== 'deleted') yield operation.blob
}

/** Returns a function that makes the next bundle each time, or null when there is none left. */
function packer(
  shadow: Shadow,
  outbox: Outbox,
  delta: Delta,
  parts: readonly (readonly PlannedOperation[])[],
  options: PackOptions,
): () => Promise<OutboxEntry | null> {
  let index = 0
  let base: TreeId = delta.base
  return async () => {
    const part = parts[index]
    if (part === undefined) return null
    const isLast = index === parts.length - 1
    const target = isLast
      ? delta.target
      : await treeAfter(
          shadow,
          base,
          part.map(({ operation }) => operation),
        )
    const entry = await packPart(shadow, outbox, part, { base, target, offset: index }, options)
    base = target
    index++
    return entry
  }
}

async function packPart(
  shadow: Shadow,
  outbox: Outbox,
  operations: readonly PlannedOperation[],
  place: { readonly base: TreeId; readonly target: TreeId; readonly offset: number },
  options: PackOptions,
): Promise<OutboxEntry> {
  const { base, target, offset } = place
  const sequence = options.sequence + 1 + offset
  return await packBundle(
    shadow,
    outbox,
    { id: options.randomId(), position: options.position + offset, sequence, manifestSequence: sequence },
    { base, target, operations, history: offset === 0 ? options.history : null },
    options,
  )
}

/** Where a bundle stands among others. */
export interface BundlePlace {
  readonly id: string
  readonly position: number
  readonly sequence: number
  /** The number in the manifest; null where it is told outside of it alone. */
  readonly manifestSequence: number | null
}

/** The bundle durably first, then its entry. `rendering`: the dialect whose steps stand in it, and what they carry out. */
export async function packBundle(
  shadow: Shadow,
  outbox: Outbox,
  { id, position, sequence, manifestSequence }: BundlePlace,
  content: Pick<BundleRequest, 'base' | 'target' | 'operations' | 'guards' | 'history'>,
  options: Pick<PackOptions, 'workspacePath' | 'collectionName' | 'now'>,
  rendering?: Required<Pick<OutboxEntry, 'dialect' | 'operations'>>,
): Promise<OutboxEntry> {
  const createdAt = options.now().toISOString()
  const { workspacePath, collectionName } = options
  const path = await outbox.reserve(position, id)
  const numbers = { sequence: manifestSequence, parentSequence: manifestSequence === null ? null : sequence - 1 }
  const request = { id, createdAt, workspacePath, collectionName, ...numbers, ...content }
  const { operations: steps, ...file } = await writeBundle(path, request, (blobs) =>
    readBlobs(shadow.repository, blobs),
  )
  const { base, target, history } = content
  const told = history == null ? {} : { historyHead: history.head }
  const counts = rendering === undefined ? { operations: steps } : { ...rendering, steps }
  const facts = { position, bundleId: id, sequence, base, target, createdAt, ...file, ...counts }
  const entry = { ...facts, attemptedAt: null, ...told }
  await outbox.put(entry)
  return entry
}
