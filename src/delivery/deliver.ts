import type { Outbox, OutboxEntry } from './outbox.js'
import type { Receiver, ReceiverStatus, Upload, UploadResult } from './receiver.js'
import { isApplied } from './recover.js'
import { type DeliveryContext, withRetry } from './retry.js'
import { isShownByStatus } from './shown-by-status.js'
import { followQueued, settledStatus, statusAfterWaiting } from './wait-applied.js'

export interface DeliverOptions {
  /** Whether we say which number the bundle has. Not where several processes count for themselves. */
  readonly isNumbered: boolean
  /** See {@link Upload.plain}. */
  readonly plain?: Upload['plain']
  /** See {@link Upload.moreFollow}. */
  readonly moreFollow?: boolean
}

export interface Delivery {
  readonly result: UploadResult
  /** It may have been applied all the same: an earlier time that it was sent, or an answer that nothing bears out. */
  readonly isRepeated: boolean
}

/**
 * Sends one bundle of the outbox until its fate is known. "Attempted" is recorded before the first byte leaves; after
 * a lost answer the receiver is asked before anything is sent again, and what an answer says without a proof has to show
 * in the status as well (faults.md 0.1). The entry stays in the outbox:
 * the caller removes it when the confirmed reference has moved.
 */
export async function deliver(
  receiver: Receiver,
  outbox: Outbox,
  entry: OutboxEntry,
  context: DeliveryContext,
  options: DeliverOptions = { isNumbered: true },
): Promise<Delivery> {
  if (entry.attemptedAt === null) await outbox.put({ ...entry, attemptedAt: context.now().toISOString() })
  const { bundleId, sequence, bytes, digest, operations } = entry
  const removals = operations.deleted + operations.moved
  const onSent = (sent: number): void => context.onSent(bundleId, sent, bytes)
  const facts = { path: outbox.bundlePath(entry), bundleId, sequence, bytes, digest, removals }
  const upload = { ...facts, onSent, ...plainOf(options), moreFollow: options.moreFollow === true }
  const delivery = await withRetry(context.policy, context, async (attempt): Promise<Delivery> => {
    const isRepeated = attempt > 1 || entry.attemptedAt !== null
    let status: ReceiverStatus | null = null
    if (isRepeated) {
      status = await statusAfterWaiting(receiver, entry, context)
      if (isApplied(entry, status)) return { result: appliedResult(entry, status), isRepeated }
      const expected = status.sequence + 1
      const isTaken = expected > sequence && !status.hasSeveralCounters
      if (isTaken) return { result: { kind: 'sequence mismatch', expected }, isRepeated }
    }
    const isNumbered = status?.hasSeveralCounters !== true && options.isNumbered
    const answer = await receiver.upload(isNumbered ? upload : { ...upload, sequence: null }, context.signal)
    if (answer.kind === 'sequence mismatch') {
      // The network may have delivered it twice, and this may be the answer to the second time.
      const now = await settledStatus(receiver, context)
      if (isApplied(entry, now)) return { result: appliedResult(entry, now), isRepeated }
    }
    if (answer.kind !== 'queued') return { result: answer, isRepeated }
    return { result: await followQueued(receiver, entry, answer.sequence, context), isRepeated }
  })
  const { result } = delivery
  const isProven = result.kind !== 'applied' || result.tree !== null || !options.isNumbered
  if (isProven || (await isShownByStatus(receiver, result.sequence, context))) return delivery
  return { result: { kind: 'sequence mismatch', expected: null }, isRepeated: true }
}

function plainOf({ plain }: DeliverOptions): Pick<Upload, 'plain'> {
  return plain === undefined ? {} : { plain }
}

function appliedResult(entry: OutboxEntry, status: ReceiverStatus): UploadResult {
  return {
    kind: 'applied',
    sequence: entry.sequence,
    tree: status.tree,
    operations: entry.operations,
    mirror: status.mirror,
  }
}
