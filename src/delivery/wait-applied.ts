import { DeltaError } from '../support/errors.js'
import type { OutboxEntry } from './outbox.js'
import { unapplied } from './processed.js'
import type { Receiver, ReceiverStatus, UploadResult } from './receiver.js'
import { type DeliveryContext, withRetry } from './retry.js'

/** How long a receiver may go on applying a bundle after the connection was lost, before we stop waiting for it. */
const LONGEST_PROCESSING = 10 * 60_000

/** The status, once the receiver no longer works on a bundle. Throws `not-confirmed` if that takes too long. */
export async function settledStatus(receiver: Receiver, context: DeliveryContext): Promise<ReceiverStatus> {
  const deadline = context.now().getTime() + LONGEST_PROCESSING
  for (let pause = 50; ; pause = Math.min(pause * 2, 2000)) {
    const status = await receiver.status(context.signal)
    if (!status.isProcessing) return status
    if (context.now().getTime() > deadline) {
      throw new DeltaError('not-confirmed', 'The receiver is still working on a bundle.', {
        next: 'The next attempt asks the receiver again.',
      })
    }
    await context.sleep(pause, context.signal)
  }
}

type Bundle = Pick<OutboxEntry, 'bundleId' | 'sequence' | 'bytes' | 'operations' | 'steps'>

/** Milliseconds; shorter than the 5 seconds after which a server closes a connection that is not used. */
const LONGEST_PAUSE = 1000

/** So many answers in a row that fit nothing show that another process, or another time, is answering. */
const SURE_AFTER = 8

/**
 * The status, when a bundle that was sent before has had its time to be applied: a server may still be working on it
 * although the connection was lost, and must not be given it a second time meanwhile (faults.md §3.2). A receiver that
 * proves what it holds does not need this: it takes one bundle at a time.
 */
export async function statusAfterWaiting(
  receiver: Receiver,
  bundle: Bundle,
  context: DeliveryContext,
): Promise<ReceiverStatus> {
  const watch = new Watch(receiver, patienceWith(bundle), context)
  for (let status = await settledStatus(receiver, context); ; status = await watch.next()) {
    const isKnown = status.dialect.proof === 'tree' || status.sequence !== bundle.sequence - 1
    if (isKnown || watch.isOver) return status
  }
}

/**
 * Follows a bundle that was only accepted until it is applied (protocol.md §6, b and c): by its id where the server tells
 * of it, else by the sequence: just that number, told over whichever connection. A higher one may be another writer's, and
 * ours may be lost. Throws `not-confirmed` where that does not happen in time: then nothing is known, and to
 * send the same bundle again does no harm.
 */
export async function followQueued(
  receiver: Receiver,
  bundle: Bundle,
  sequence: number,
  context: DeliveryContext,
): Promise<UploadResult> {
  const watch = new Watch(receiver, patienceWith(bundle), context)
  const applied = (status: ReceiverStatus): UploadResult => {
    return { kind: 'applied', sequence, tree: status.tree, operations: bundle.operations, mirror: status.mirror }
  }
  let strange = 0
  while (!watch.isOver) {
    const status = await watch.next()
    const told = status.lastUploadState
    if (told === undefined) {
      if (status.sequence === sequence) return applied(status)
      strange = status.sequence === sequence - 1 ? 0 : strange + 1
      if (strange < SURE_AFTER) continue
      const { sequences } = await receiver.counters(context.signal)
      if (sequences.includes(sequence)) return applied(status)
      if (!sequences.includes(sequence - 1)) throw unconfirmed('The receiver is not where it was.', bundle)
      strange = 0
    } else if (told?.bundleId === bundle.bundleId && told.state !== 'processing') {
      const failed = told.processed === null ? 0 : unapplied(told.processed, bundle.steps ?? bundle.operations)
      if (failed > 0) return { kind: 'partly applied', failed }
      if (told.state === 'completed') return applied(status)
      throw unconfirmed(`The receiver gave up applying the bundle: ${told.error ?? 'it does not say why'}`, bundle)
    }
  }
  throw unconfirmed('The receiver accepted the bundle, but does not say that it applied it.', bundle)
}

/** A server that is slow is given more time for more work. */
function patienceWith({ bytes, operations }: Bundle): number {
  const { created, updated, deleted, moved } = operations
  return 10_000 + 30 * (created + updated + deleted + moved) + bytes / 1000
}

/** Asks again and again, with growing pauses, for a limited time; counted in pauses, so that a test need not wait. */
class Watch {
  readonly #receiver: Receiver
  readonly #context: DeliveryContext
  #left: number
  #pause = 20

  constructor(receiver: Receiver, patience: number, context: DeliveryContext) {
    this.#receiver = receiver
    this.#left = patience
    this.#context = context
  }

  get isOver(): boolean {
    return this.#left <= 0
  }

  async next(): Promise<ReceiverStatus> {
    await this.#context.sleep(this.#pause, this.#context.signal)
    this.#left -= this.#pause
    this.#pause = Math.min(LONGEST_PAUSE, this.#pause * 1.5)
    const { policy, signal } = this.#context
    // An answer that is lost here would leave it open whether the number is ours.
    return await withRetry(policy, this.#context, async () => await this.#receiver.status(signal))
  }
}

function unconfirmed(message: string, { bundleId, sequence }: Bundle): DeltaError {
  return new DeltaError('not-confirmed', message, {
    facts: { bundle_id: bundleId, sequence },
    next: 'The next attempt asks the receiver, and sends it again where it has to.',
  })
}
