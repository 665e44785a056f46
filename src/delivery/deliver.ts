import { DeltaError } from '../support/errors.js'
import type { Outbox, OutboxEntry } from './outbox.js'
import type { Receiver, ReceiverStatus, UploadResult } from './receiver.js'
import { isApplied } from './recover.js'
import { type RetryContext, type RetryPolicy, withRetry } from './retry.js'

export interface DeliveryContext extends RetryContext {
  readonly policy: RetryPolicy
  readonly now: () => Date
}

/** How long a receiver may go on applying a bundle after the connection was lost, before we stop waiting for it. */
const LONGEST_PROCESSING = 10 * 60_000

export interface Delivery {
  readonly result: UploadResult
  /** It was sent more than once, so that an earlier time may have been the one that counted. */
  readonly isRepeated: boolean
}

/**
 * Sends one bundle of the outbox until its fate is known. "Attempted" is recorded before the first byte leaves; after
 * a lost answer the receiver is asked before anything is sent again (faults.md 0.1). The entry stays in the outbox:
 * the caller removes it when the confirmed reference has moved.
 */
export async function deliver(
  receiver: Receiver,
  outbox: Outbox,
  entry: OutboxEntry,
  context: DeliveryContext,
): Promise<Delivery> {
  if (entry.attemptedAt === null) await outbox.put({ ...entry, attemptedAt: context.now().toISOString() })
  const { bundleId, sequence, bytes, digest } = entry
  const upload = { path: outbox.bundlePath(entry), bundleId, sequence, bytes, digest }
  return await withRetry(context.policy, context, async (attempt) => {
    const isRepeated = attempt > 1 || entry.attemptedAt !== null
    if (attempt > 1) {
      const status = await settledStatus(receiver, context)
      if (isApplied(entry, status)) return { result: appliedResult(entry, status), isRepeated }
      const expected = status.sequence + 1
      if (expected > sequence) return { result: { kind: 'sequence mismatch', expected }, isRepeated }
    }
    return { result: await receiver.upload(upload, context.signal), isRepeated }
  })
}

/** The status, once the receiver no longer works on a bundle. Throws `not-confirmed` if that takes too long. */
export async function settledStatus(receiver: Receiver, context: DeliveryContext): Promise<ReceiverStatus> {
  const deadline = context.now().getTime() + LONGEST_PROCESSING
  for (let pause = 50; ; pause = Math.min(pause * 2, 2000)) {
    const status = await receiver.status(context.signal)
    if (!status.isProcessing) return status
    if (context.now().getTime() > deadline) {
      throw new DeltaError('not-confirmed', 'The receiver is still working on a bundle.', {
        next: 'The bundle is kept; the next push asks again.',
      })
    }
    await context.sleep(pause, context.signal)
  }
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
