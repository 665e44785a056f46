import { afterFailure, type FailureSituation } from './after-failure.js'
import type { Outbox, OutboxEntry } from './outbox.js'
import type { Receiver, ReceiverStatus, Upload, UploadResult } from './receiver.js'
import { isApplied } from './recover.js'
import { type DeliveryContext, withRetry } from './retry.js'
import { isShownByStatus } from './shown-by-status.js'
import { followQueued, settledStatus, statusAfterWaiting } from './wait-applied.js'

/** Who sends, whom to, and where it is noted what became of a bundle. */
export interface Sender {
  readonly receiver: Receiver
  readonly outbox: Pick<Outbox, 'bundlePath' | 'put'>
  readonly context: DeliveryContext
}

type UploadHints = Pick<Upload, 'plain' | 'moreFollow'>

/** How a bundle is delivered. `begun`: its first upload, which began, and was recorded as attempted, before its turn came. */
export interface DeliveryHints extends UploadHints {
  readonly begun?: (() => Promise<UploadResult>) | undefined
}

export interface Delivery {
  readonly result: UploadResult
  /** It may have been applied all the same: an earlier time that it was sent, or an answer that nothing bears out. */
  readonly isRepeated: boolean
}

/**
 * Sends one bundle of the outbox until its fate is known. "Attempted" is recorded before the first byte leaves; after
 * a lost answer the receiver is asked before anything is sent again, and what an answer says without a proof has to show
 * in the status as well (faults.md 0.1). What is learnt of its fate is written to its entry, which stays in the outbox:
 * the caller removes it when the confirmed reference has moved. `status`: as the receiver is known.
 */
export async function deliver(
  sender: Sender,
  entry: OutboxEntry,
  status: ReceiverStatus,
  hints: DeliveryHints = {},
): Promise<Delivery> {
  const { receiver, outbox, context } = sender
  const attempted = { ...entry, attemptedAt: entry.attemptedAt ?? context.now().toISOString() }
  if (entry.attemptedAt === null && hints.begun === undefined) await outbox.put(attempted)
  const delivery = await untilAnswered(sender, entry, status, hints)
  const { result } = delivery
  if (result.kind === 'partly applied') await outbox.put({ ...attempted, isPartlyApplied: true })
  if (result.kind !== 'applied' || result.tree !== null || status.hasSeveralCounters) return delivery
  try {
    if (await isShownByStatus(receiver, result.sequence, context)) return delivery
  } catch (thrown) {
    await outbox.put({ ...attempted, isAcknowledged: true })
    throw thrown
  }
  return { result: { kind: 'sequence mismatch', expected: null }, isRepeated: true }
}

async function untilAnswered(
  sender: Sender,
  entry: OutboxEntry,
  known: ReceiverStatus,
  { begun, ...hints }: DeliveryHints,
): Promise<Delivery> {
  const { receiver, context } = sender
  const { dialect } = known
  let accepted: number | null = null
  return await withRetry(context.policy, context, async (attempt): Promise<Delivery> => {
    const isRepeated = attempt > 1 || entry.attemptedAt !== null
    let { hasSeveralCounters } = known
    if (isRepeated) {
      const status = await statusAfterWaiting(receiver, entry, context)
      if (isApplied(entry, status)) return { result: appliedResult(entry, status), isRepeated }
      // It took longer than we followed it.
      if (accepted !== null && status.sequence === accepted && status.lastUploadState === undefined)
        return { result: { ...appliedResult(entry, status), sequence: accepted }, isRepeated }
      const expected = status.sequence + 1
      const isTaken = expected > entry.sequence && !status.hasSeveralCounters
      if (isTaken) return { result: { kind: 'sequence mismatch', expected }, isRepeated }
      hasSeveralCounters ||= status.hasSeveralCounters
    }
    const sequence = hasSeveralCounters ? null : entry.sequence
    const upload = attempt === 1 ? begun : undefined
    const answer = await noting(sender, entry, { dialect, isRepeated }, () =>
      upload === undefined
        ? receiver.upload(uploadOf(sender, entry, { sequence, ...hints }), context.signal)
        : upload(),
    )
    if (answer.kind === 'sequence mismatch') {
      // The network may have delivered it twice, and this may be the answer to the second time.
      const now = await settledStatus(receiver, context)
      if (isApplied(entry, now)) return { result: appliedResult(entry, now), isRepeated }
    }
    if (answer.kind !== 'queued') return { result: answer, isRepeated }
    accepted = answer.sequence
    const result = await noting(sender, entry, { dialect, isRepeated: true }, () =>
      followQueued(receiver, entry, answer.sequence, context),
    )
    return { result, isRepeated }
  })
}

/** Writes down what a failure says of the bundle. */
async function noting<Result>(
  { outbox, context }: Sender,
  entry: OutboxEntry,
  situation: Omit<FailureSituation, 'now'>,
  action: () => Promise<Result>,
): Promise<Result> {
  try {
    return await action()
  } catch (thrown) {
    const left = afterFailure(entry, thrown, { ...situation, now: context.now() })
    if (left !== null) await outbox.put(left)
    throw thrown
  }
}

/** What is uploaded of an entry. */
export function uploadOf(
  { outbox, context }: Pick<Sender, 'outbox' | 'context'>,
  entry: OutboxEntry,
  how: UploadHints & Pick<Upload, 'sequence'>,
): Upload {
  const { bundleId, bytes, digest, operations, steps = operations } = entry
  const onSent = (sent: number): void => context.onSent(bundleId, sent, bytes)
  return { path: outbox.bundlePath(entry), bundleId, bytes, digest, steps, onSent, ...how }
}

function appliedResult(entry: OutboxEntry, status: ReceiverStatus): Extract<UploadResult, { kind: 'applied' }> {
  return {
    kind: 'applied',
    sequence: entry.sequence,
    tree: status.tree,
    operations: entry.operations,
    mirror: status.mirror,
  }
}
