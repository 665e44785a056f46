import type { GitHistory } from '../bundle/git-history.js'
import type { BundleRequest } from '../bundle/metadata.js'
import { writeBundle } from '../bundle/writer.js'
import type { Delta, Operation, TreeId } from '../delta/operation.js'
import { type PlanLimits, type PlannedOperation, planParts } from '../delta/plan.js'
import { readFileContents } from '../snapshot/file-contents.js'
import type { Shadow } from '../snapshot/shadow.js'
import { blobSizes } from '../support/git-objects.js'
import { ahead } from '../support/sequence.js'
import type { Outbox, OutboxEntry } from './outbox.js'
import { PartTrees } from './part-trees.js'

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
export function packParts(
  shadow: Shadow,
  outbox: Outbox,
  delta: Delta,
  options: PackOptions,
): AsyncGenerator<OutboxEntry> {
  return ahead(bundles(shadow, outbox, delta, options))
}

async function* bundles(
  shadow: Shadow,
  outbox: Outbox,
  delta: Delta,
  options: PackOptions,
): AsyncGenerator<OutboxEntry> {
  let offset = 0
  for await (const part of ahead(partsOf(shadow, delta, options)))
    yield await packPart(shadow, outbox, part, offset++, options)
}

/** What goes into one bundle, and where it leads. */
interface PackedPart {
  readonly base: TreeId
  readonly target: TreeId
  readonly operations: readonly PlannedOperation[]
}

/** Cuts a delta into parts, a few at a time: the plan of a large one as a whole would take as much memory as the delta. */
async function* partsOf(shadow: Shadow, delta: Delta, options: PackOptions): AsyncGenerator<PackedPart> {
  const { operations } = delta
  const trees = new PartTrees(shadow, delta)
  let base = delta.base
  for (let at = 0; at < operations.length; ) {
    const coming = operations.slice(at, at + options.limits.operations)
    const [part = []] = await planned(shadow, coming, options)
    at += part.length
    const target = await trees.after(operationsOf(part), operations[at])
    yield { base, target, operations: part }
    base = target
  }
}

async function planned(
  shadow: Shadow,
  operations: readonly Operation[],
  { limits, movesCarryContent }: PackOptions,
): Promise<PlannedOperation[][]> {
  const blobs = [...contentBlobs(operations)]
  // A single content is never split, whatever its size is.
  const sizes = blobs.length > 1 ? await blobSizes(shadow.repository, blobs) : new Map<string, number>()
  return planParts(operations, { limits, sizeOf: (blob) => sizes.get(blob) ?? 0, movesCarryContent })
}

function* contentBlobs(operations: readonly Operation[]): Generator<string> {
  for (const operation of operations) if (operation.kind !== 'deleted') yield operation.blob
}

function operationsOf(part: readonly PlannedOperation[]): Operation[] {
  return part.map(({ operation }) => operation)
}

async function packPart(
  shadow: Shadow,
  outbox: Outbox,
  part: PackedPart,
  offset: number,
  options: PackOptions,
): Promise<OutboxEntry> {
  const sequence = options.sequence + 1 + offset
  return await packBundle(
    shadow,
    outbox,
    { id: options.randomId(), position: options.position + offset, sequence, manifestSequence: sequence },
    { ...part, history: offset === 0 ? options.history : null },
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
  const { operations: steps, ...file } = await writeBundle(path, request, (files) => readFileContents(shadow, files))
  const { base, target, history } = content
  const told = history == null ? {} : { historyHead: history.head }
  const counts = rendering === undefined ? { operations: steps } : { ...rendering, steps }
  const facts = { position, bundleId: id, sequence, base, target, createdAt, ...file, ...counts }
  const entry = { ...facts, attemptedAt: null, ...told }
  await outbox.put(entry)
  return entry
}
