import { type Delta, type Operation, type OperationCounts, sumCounts, type TreeId } from '../delta/operation.js'
import { readConfirmed } from '../snapshot/confirmed.js'
import { DeltaError } from '../support/errors.js'
import { EMPTY_TREE } from '../support/git.js'
import { trace } from '../support/trace.js'
import { askStatus, inDoubt } from './ask-status.js'
import { changesSince, changesSinceListing, everythingBlindly, everythingOverListing } from './changes.js'
import { confirmAttempted } from './confirm-attempted.js'
import type { LeftBehind } from './dialects/carry.js'
import type { Next, SynchroniseJob } from './job.js'
import { Ledger } from './ledger.js'
import { guardAgainstMassDeletion } from './mass-deletion-guard.js'
import type { OutboxEntry } from './outbox.js'
import { queueChanges } from './queue.js'
import type { ReceiverStatus } from './receiver.js'
import { type Recovery, recover } from './recover.js'
import { isPassing } from './retry.js'
import { deliverAll, deliverEntry, isChain, sendDelta } from './send.js'
import { sendInParts } from './send-parts.js'
import { statusAfterWaiting } from './wait-applied.js'

export interface SynchroniseResult {
  readonly outcome: 'confirmed' | 'unchanged' | 'queued'
  readonly sequence: number | null
  readonly receiverTree: TreeId | null
  readonly mirror: string | null
  readonly operations: readonly Operation[]
  readonly counts: OperationCounts
  readonly bundles: readonly OutboxEntry[]
  /** What the receiver did not get, because it cannot have it. */
  readonly leftBehind: readonly LeftBehind[]
  /** Why it is only queued. */
  readonly error: DeltaError | null
}

/** Every disagreement is settled by asking; one that comes back again and again is not a disagreement any more. */
const MAX_ROUNDS = 5

/**
 * Makes a receiver hold a snapshot, and proves it. Each round asks what the receiver has, decides (`recover`), and acts;
 * the confirmed reference moves only after a confirmation, bundle by bundle. Where the receiver cannot be reached the
 * bundles wait in the outbox. Throws what trying again will not cure.
 */
export async function synchronise(
  job: SynchroniseJob,
  asked: Promise<ReceiverStatus>,
  recorded = readConfirmed(job.shadow, job.receiver.key),
): Promise<SynchroniseResult> {
  await job.outbox.collect()
  const run = new Synchronisation(job, await Ledger.open(job, recorded))
  try {
    return await run.rounds(asked)
  } catch (thrown) {
    if (thrown instanceof DeltaError && isPassing(thrown)) return await run.queue(thrown)
    throw thrown
  }
}

class Synchronisation {
  readonly #job: SynchroniseJob
  readonly #ledger: Ledger
  #operations: readonly Operation[] = []
  #fullIsDue: boolean
  /** A bundle was too large for a receiver that proves what it holds, or for what stands before it. */
  #isCutDown = false

  constructor(job: SynchroniseJob, ledger: Ledger) {
    this.#job = job
    this.#ledger = ledger
    this.#fullIsDue = job.options.full
  }

  async rounds(asked: Promise<ReceiverStatus>): Promise<SynchroniseResult> {
    const { receiver, context } = this.#job
    await guardAgainstMassDeletion(this.#job, this.#ledger.confirmed?.tree ?? EMPTY_TREE)
    let status = await inDoubt(this.#job, this.#ledger, await asked)
    for (let round = 1; round <= MAX_ROUNDS; round++) {
      const attempted = await this.#ledger.attempted(status)
      const decision = await this.#decide(attempted, status)
      trace(() => ({ kind: 'decision', round, decision: decision.kind, sequence: status.sequence, tree: status.tree }))
      const why = 'why' in decision ? decision.why : null
      if (why != null && decision.kind !== 'halt') context.onNotice(why)
      const next = await this.#act(decision, attempted, status)
      if (next.isDone) return this.#result(next)
      if (next.isUnclear === true && round === MAX_ROUNDS) throw notConfirmed()
      status = next.isStale ? await inDoubt(this.#job, this.#ledger, await askStatus(receiver, context)) : next.status
    }
    throw new DeltaError('proof-failed', 'The receiver does not come to hold what was sent to it.', {
      facts: { target: this.#job.target, receiver_tree: status.tree },
      next: 'Run `ce-delta push --full`; if that does not help, the receiver’s storage is damaged.',
    })
  }

  /** Writes what would have been sent into the outbox, where the next push finds it. */
  async queue(error: DeltaError): Promise<SynchroniseResult> {
    this.#operations = (await queueChanges(this.#job, this.#ledger)) ?? this.#operations
    const bundles = await this.#job.outbox.list()
    return {
      outcome: 'queued',
      sequence: this.#ledger.confirmed?.sequence ?? null,
      receiverTree: null,
      mirror: null,
      operations: this.#operations,
      counts: sumCounts(bundles.map(({ operations }) => operations)),
      bundles,
      leftBehind: [],
      error,
    }
  }

  async #decide(attempted: OutboxEntry | null, status: ReceiverStatus): Promise<Recovery> {
    const { target, outbox, options } = this.#job
    const { recovery } = options
    const isUncertain = (await outbox.list()).some(({ isPartlyApplied }) => isPartlyApplied === true)
    const force = options.force || options.full
    const { confirmed } = this.#ledger
    return recover({ confirmed, attempted, receiver: status, target, force, recovery, isUncertain })
  }

  async #act(decision: Recovery, attempted: OutboxEntry | null, status: ReceiverStatus): Promise<Next> {
    switch (decision.kind) {
      case 'halt':
        throw new DeltaError('conflict', decision.why, {
          facts: { receiver_sequence: status.sequence, confirmed_sequence: this.#ledger.confirmed?.sequence ?? 0 },
          next: 'If this work tree is the one that counts, run: ce-delta push --force',
        })
      case 'confirm attempted':
        if (attempted !== null && !(await confirmAttempted(this.#job, this.#ledger, attempted, status)))
          return await this.#sendFull(status)
        return { isDone: false, isStale: false, status }
      case 'resend attempted':
        if (attempted === null) return { isDone: false, isStale: true, status }
        if ((attempted.dialect ?? 'ce-delta') !== status.dialect.name)
          return await this.#sendInsteadOf(attempted, status)
        return await deliverEntry(this.#job, this.#ledger, attempted, status)
      case 'adopt':
        return this.#fullIsDue ? await this.#sendFull(status) : await this.#adopt(status)
      case 'send':
        return this.#fullIsDue ? await this.#sendFull(status) : await this.#sendChanges(status)
      case 'rebase':
        return this.#fullIsDue ? await this.#sendFull(status) : await this.#rebase(status)
      case 'resync':
        return await this.#sendFull(status)
    }
  }

  /** Made for another dialect, it is made anew; but it may still be under way, and never are two (protocol.md §3). */
  async #sendInsteadOf(attempted: OutboxEntry, status: ReceiverStatus): Promise<Next> {
    const { receiver, context } = this.#job
    const settled = await statusAfterWaiting(receiver, attempted, context)
    if (settled.sequence === status.sequence) return await this.#sendChanges(settled)
    return { isDone: false, isStale: true, status: settled }
  }

  async #sendChanges(status: ReceiverStatus): Promise<Next> {
    const { target, outbox } = this.#job
    const base = this.#ledger.confirmed?.tree ?? EMPTY_TREE
    const waiting = await outbox.list()
    const isOwn = status.dialect.proof === 'tree'
    if (isOwn && !this.#isCutDown && waiting.length > 0 && isChain(waiting, base, status.sequence, target)) {
      return await deliverAll(this.#job, this.#ledger, waiting, status)
    }
    const delta = await changesSince(this.#job, base)
    if (delta !== null) return await this.#send(delta, status)
    return status.canListTree ? await this.#rebase(status) : await this.#sendFull(status)
  }

  async #rebase(status: ReceiverStatus): Promise<Next> {
    const delta = await changesSinceListing(this.#job)
    if (status.tree !== null && delta.base !== status.tree) return { isDone: false, isStale: true, status }
    return await this.#send(delta, status)
  }

  async #sendFull(status: ReceiverStatus): Promise<Next> {
    const saidBase = this.#fullIsDue ? null : this.#job.options.saidBase
    this.#fullIsDue = false
    if (status.canListTree) return await this.#send(await everythingOverListing(this.#job), status)
    const { delta, isResync } = await everythingBlindly(this.#job, this.#ledger, saidBase)
    return await this.#send(delta, status, isResync)
  }

  async #send(delta: Delta, status: ReceiverStatus, isResync = false): Promise<Next> {
    if (delta.operations.length === 0 && !(await this.#hasCommitsToTell(status))) return await this.#adopt(status)
    this.#operations = delta.operations
    this.#job.context.onDelta(delta)
    if (status.dialect.proof !== 'tree' || this.#isCutDown)
      return await sendInParts(this.#job, this.#ledger, delta, status, isResync)
    try {
      return await sendDelta(this.#job, this.#ledger, delta, status)
    } catch (thrown) {
      if (!(thrown instanceof DeltaError) || thrown.code !== 'bundle-too-large') throw thrown
      return await this.#cutDown(status)
    }
  }

  /** Commits alone are worth a bundle where a server looks at them. */
  async #hasCommitsToTell({ dialect }: ReceiverStatus): Promise<boolean> {
    return dialect.proof !== 'tree' && (await this.#ledger.commitsToTell()) !== null
  }

  /** Nothing of the bundle was applied; the next round sends what is still to be sent in smaller and smaller ones. */
  async #cutDown(status: ReceiverStatus): Promise<Next> {
    const { outbox } = this.#job
    for (const entry of await outbox.list()) await outbox.remove(entry)
    this.#isCutDown = true
    return { isDone: false, isStale: true, status }
  }

  async #adopt(status: ReceiverStatus): Promise<Next> {
    await this.#ledger.adopt(status)
    return { isDone: true, isStale: false, status }
  }

  #result({ status, leftBehind = [] }: Next): SynchroniseResult {
    const { sent } = this.#ledger
    return {
      outcome: sent.length > 0 ? 'confirmed' : 'unchanged',
      sequence: status.sequence,
      receiverTree: status.tree,
      mirror: status.mirror,
      operations: this.#operations,
      counts: sumCounts(sent.map(({ operations }) => operations)),
      bundles: sent,
      leftBehind,
      error: null,
    }
  }
}

function notConfirmed(): DeltaError {
  return new DeltaError('not-confirmed', 'The answers of the receiver are lost again and again.', {
    next: 'Check the network, and proxies in between; the next attempt asks the receiver what arrived.',
  })
}
