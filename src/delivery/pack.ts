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
  const sizes = await blobSizes(shadow.repository, contentBlobs(delta.operations))
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

/** The bundle durably first, then its entry. */
async function packPart(
  shadow: Shadow,
  outbox: Outbox,
  operations: readonly PlannedOperation[],
  place: { readonly base: TreeId; readonly target: TreeId; readonly offset: number },
  options: PackOptions,
): Promise<OutboxEntry> {
  const { base, target, offset } = place
  const bundleId = options.randomId()
  const position = options.position + offset
  const sequence = options.sequence + 1 + offset
  const createdAt = options.now().toISOString()
  const { workspacePath, collectionName } = options
  const path = await outbox.reserve(position, bundleId)
  const request = {
    id: bundleId,
    createdAt,
    workspacePath,
    collectionName,
    sequence,
    parentSequence: sequence - 1,
    base,
    target,
    operations,
  }
  const written = await writeBundle(path, request, (blobs) => readBlobs(shadow.repository, blobs))
  const entry = { position, bundleId, sequence, base, target, createdAt, ...written, attemptedAt: null }
  await outbox.put(entry)
  return entry
}
