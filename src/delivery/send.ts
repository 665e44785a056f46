import type { GitHistory } from '../bundle/git-history.js'
import type { Delta, TreeId } from '../delta/operation.js'
import { DeltaError } from '../support/errors.js'
import { deliver } from './deliver.js'
import { type Coming, EarlyUploads } from './early-uploads.js'
import type { Next, SynchroniseJob } from './job.js'
import type { Ledger } from './ledger.js'
import type { OutboxEntry } from './outbox.js'
import { packParts } from './pack.js'
import type { ReceiverStatus } from './receiver.js'
import { isPassing } from './retry.js'

export interface PackPlace {
  /** The sequence that the receiver is at. */
  readonly sequence: number
  /** The place of the first bundle in the outbox. */
  readonly position: number
  readonly movesCarryContent: boolean
  readonly maxBundleBytes: number | null
  readonly history: GitHistory | null
}

/** Makes the bundles of a delta, one after another, in the outbox. */
export function packDelta(job: SynchroniseJob, delta: Delta, place: PackPlace): AsyncGenerator<OutboxEntry> {
  const { shadow, outbox, options, context } = job
  const { workspacePath, collectionName } = options
  const { sequence, position, movesCarryContent, maxBundleBytes, history } = place
  const limits = { ...options.limits, bytes: Math.min(options.limits.bytes, maxBundleBytes ?? options.limits.bytes) }
  const { now, randomId } = context
  return packParts(shadow, outbox, delta, {
    workspacePath,
    collectionName,
    limits,
    movesCarryContent,
    sequence,
    position,
    now,
    randomId,
    history,
  })
}

/** Replaces what waits in the outbox by the bundles of this delta, and delivers them. */
export async function sendDelta(
  job: SynchroniseJob,
  ledger: Ledger,
  delta: Delta,
  status: ReceiverStatus,
): Promise<Next> {
  for (const entry of await job.outbox.list()) await job.outbox.remove(entry)
  const { sequence, movesWithoutContent, maxBundleBytes } = status
  const entries = packDelta(job, delta, {
    sequence,
    position: 1,
    movesCarryContent: !movesWithoutContent,
    maxBundleBytes,
    history: await ledger.commitsToTell(),
  })
  return await deliverAll(job, ledger, entries, status)
}

/**
 * Delivers while the next bundle is made, and already uploaded where the receiver can take it so early. Where delivery
 * fails, the rest is still made, and waits.
 */
export async function deliverAll(
  job: SynchroniseJob,
  ledger: Ledger,
  entries: AsyncIterable<OutboxEntry> | Iterable<OutboxEntry>,
  status: ReceiverStatus,
): Promise<Next> {
  const early = new EarlyUploads(job, status)
  try {
    return await deliverComing(job, ledger, early, entries, status)
  } finally {
    await early.stop()
  }
}

async function deliverComing(
  job: SynchroniseJob,
  ledger: Ledger,
  early: EarlyUploads,
  entries: AsyncIterable<OutboxEntry> | Iterable<OutboxEntry>,
  status: ReceiverStatus,
): Promise<Next> {
  let next: Next = { isDone: false, isStale: true, status }
  let failure: DeltaError | null = null
  for await (const coming of early.coming(entries)) {
    if (failure !== null) continue
    try {
      next = await deliverEntry(job, ledger, coming, next.status)
    } catch (thrown) {
      if (!(thrown instanceof DeltaError) || !isPassing(thrown)) throw thrown
      failure = thrown
      await early.stop()
    }
    if (failure === null && next.isStale) return next
  }
  if (failure !== null) throw failure
  return next
}

/** Delivers one bundle and confirms it, where the receiver proves that it holds what the bundle leads to. */
export async function deliverEntry(
  job: SynchroniseJob,
  ledger: Ledger,
  { entry, begun }: Coming,
  status: ReceiverStatus,
): Promise<Next> {
  const { outbox, context, lock, target } = job
  await lock.verify()
  if (begun === undefined && !(await outbox.isIntact(entry))) {
    context.onNotice('A bundle in the outbox was damaged; it is made anew.')
    await outbox.remove(entry)
    return { isDone: false, isStale: true, status }
  }
  if (entry.bytes > (status.maxBundleBytes ?? Number.POSITIVE_INFINITY))
    throw new DeltaError('bundle-too-large', `A bundle of ${entry.bytes} bytes is more than the receiver takes.`)
  const { result, isRepeated } = await deliver(job, entry, status, { begun, moreFollow: entry.target !== target })
  if (result.kind !== 'applied' || !isProof(result.tree, entry.target)) {
    context.onNotice(`Bundle ${entry.sequence} was not what the receiver needs (${result.kind}); it is asked again.`)
    // One that may have been applied stays, so that the next round can tell its effect from another writer's.
    const mayBeApplied =
      result.kind === 'partly applied' ||
      result.kind === 'applied' ||
      (result.kind === 'sequence mismatch' && isRepeated)
    if (!mayBeApplied) await outbox.remove(entry)
    return { isDone: false, isStale: true, status }
  }
  const { sequence, tree } = result
  await ledger.confirm(entry, tree, sequence)
  const now = { ...status, sequence, tree, lastBundleId: entry.bundleId, mirror: result.mirror ?? status.mirror }
  return { isDone: entry.target === target, isStale: false, status: now }
}

/** A receiver that cannot tell its tree is believed. */
function isProof(tree: TreeId | null, target: TreeId): boolean {
  return tree === null || tree === target
}

/** Whether the waiting bundles lead, one after another, from what the receiver has to the target. */
export function isChain(entries: readonly OutboxEntry[], base: TreeId, sequence: number, target: TreeId): boolean {
  let tree = base
  for (const [index, entry] of entries.entries()) {
    if (entry.base !== tree || entry.sequence !== sequence + 1 + index) return false
    tree = entry.target
  }
  return tree === target
}
