import { type Operation, type OperationCounts, sumCounts, type TreeId } from '../delta/operation.js'
import { readConfirmed } from '../snapshot/confirmed.js'
import { DeltaError } from '../support/errors.js'
import { EMPTY_TREE } from '../support/git.js'
import { trace } from '../support/trace.js'
import { Actions } from './actions.js'
import { askStatus, inDoubt } from './ask-status.js'
import type { LeftBehind } from './dialects/carry.js'
import type { Next, SynchroniseJob } from './job.js'
import { Ledger } from './ledger.js'
import { guardAgainstMassDeletion } from './mass-deletion-guard.js'
import type { OutboxEntry } from './outbox.js'
import { queueChanges } from './queue.js'
import type { ReceiverStatus } from './receiver.js'
import { type Recovery, recover } from './recover.js'
import { isPassing } from './retry.js'

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
  readonly #actions: Actions

  constructor(job: SynchroniseJob, ledger: Ledger) {
    this.#job = job
    this.#ledger = ledger
    this.#actions = new Actions(job, ledger)
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
      const next = await this.#actions.take(decision, attempted, status)
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
    const operations = (await queueChanges(this.#job, this.#ledger)) ?? this.#actions.operations
    const bundles = await this.#job.outbox.list()
    return {
      outcome: 'queued',
      sequence: this.#ledger.confirmed?.sequence ?? null,
      receiverTree: null,
      mirror: null,
      operations,
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

  #result({ status, leftBehind = [] }: Next): SynchroniseResult {
    const { sent } = this.#ledger
    return {
      outcome: sent.length > 0 ? 'confirmed' : 'unchanged',
      sequence: status.sequence,
      receiverTree: status.tree,
      mirror: status.mirror,
      operations: this.#actions.operations,
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
