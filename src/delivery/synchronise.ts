import {
  addCounts,
  type Delta,
  NO_OPERATIONS,
  type Operation,
  type OperationCounts,
  type TreeId,
} from '../delta/operation.js'
import { DeltaError } from '../support/errors.js'
import { EMPTY_TREE } from '../support/git.js'
import { trace } from '../support/trace.js'
import type { LeftBehind } from './dialects/carry.js'
import type { Next, SynchroniseJob } from './job.js'
import { Ledger, LOST_RECORD } from './ledger.js'
import { guardAgainstMassDeletion } from './mass-deletion-guard.js'
import type { OutboxEntry } from './outbox.js'
import { deltaOf, fullDelta, listedTree, resyncDelta } from './prepare.js'
import type { Receiver, ReceiverStatus } from './receiver.js'
import { type Recovery, recover } from './recover.js'
import { type DeliveryContext, isPassing, withRetry } from './retry.js'
import { deliverAll, deliverEntry, isChain, packDelta, sendDelta } from './send.js'
import { sendInParts } from './send-parts.js'
import { settledStatus } from './wait-applied.js'

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
export async function synchronise(job: SynchroniseJob, asked: Promise<ReceiverStatus>): Promise<SynchroniseResult> {
  await job.outbox.collect()
  const run = new Synchronisation(job, await Ledger.open(job))
  try {
    return await run.rounds(asked)
  } catch (thrown) {
    if (thrown instanceof DeltaError && isPassing(thrown)) return await run.queue(thrown)
    throw thrown
  }
}

/** The receiver's status, asked patiently. */
export async function askStatus(receiver: Receiver, context: DeliveryContext): Promise<ReceiverStatus> {
  return await withRetry(context.policy, context, async () => await settledStatus(receiver, context))
}

class Synchronisation {
  readonly #job: SynchroniseJob
  readonly #ledger: Ledger
  #operations: readonly Operation[] = []
  #fullIsDue: boolean

  constructor(job: SynchroniseJob, ledger: Ledger) {
    this.#job = job
    this.#ledger = ledger
    this.#fullIsDue = job.options.full
  }

  async rounds(asked: Promise<ReceiverStatus>): Promise<SynchroniseResult> {
    const { receiver, context } = this.#job
    await guardAgainstMassDeletion(this.#job, this.#ledger.confirmed?.tree ?? EMPTY_TREE)
    let status = await this.#inDoubt(await asked)
    for (let round = 1; round <= MAX_ROUNDS; round++) {
      const attempted = await this.#ledger.attempted(status)
      const decision = this.#decide(attempted, status, await this.#isUncertain())
      trace(() => ({ kind: 'decision', round, decision: decision.kind, sequence: status.sequence, tree: status.tree }))
      const why = 'why' in decision ? decision.why : null
      if (why != null && decision.kind !== 'halt') context.onNotice(why)
      const next = await this.#act(decision, attempted, status)
      if (next.isDone) return this.#result(next)
      if (next.isUnclear === true && round === MAX_ROUNDS) throw notConfirmed()
      status = next.isStale ? await this.#inDoubt(await askStatus(receiver, context)) : next.status
    }
    throw new DeltaError('proof-failed', 'The receiver does not come to hold what was sent to it.', {
      facts: { target: this.#job.target, receiver_tree: status.tree },
      next: 'Run `ce-delta push --full`; if that does not help, the receiver’s storage is damaged.',
    })
  }

  /** Writes what would have been sent into the outbox, where the next push finds it. */
  async queue(error: DeltaError): Promise<SynchroniseResult> {
    const { outbox, target, context } = this.#job
    const { confirmed } = this.#ledger
    const entries = await outbox.list()
    const attempted = entries.filter(({ attemptedAt }) => attemptedAt !== null)
    const tail = attempted.at(-1)
    const from = tail?.target ?? confirmed?.tree ?? EMPTY_TREE
    const sequence = tail?.sequence ?? confirmed?.sequence ?? 0
    const waiting = entries.slice(attempted.length)
    if (!isChain(waiting, from, sequence, target)) {
      for (const entry of waiting) await outbox.remove(entry)
      const delta = await this.#changesSince(from)
      this.#operations = delta?.operations ?? []
      const place = { sequence, position: (tail?.position ?? 0) + 1, movesCarryContent: true, maxBundleBytes: null }
      for await (const entry of delta === null ? [] : packDelta(this.#job, delta, place)) context.onBundle(entry)
    }
    const bundles = await outbox.list()
    const facts = {
      sequence: confirmed?.sequence ?? null,
      receiverTree: null,
      mirror: null,
      operations: this.#operations,
    }
    return { outcome: 'queued', ...facts, counts: sumOf(bundles), bundles, leftBehind: [], error }
  }

  #decide(attempted: OutboxEntry | null, status: ReceiverStatus, isUncertain: boolean): Recovery {
    const { target, options } = this.#job
    const { confirmed } = this.#ledger
    const { recovery } = options
    const force = options.force || options.full
    return recover({ confirmed, attempted, receiver: status, target, force, recovery, isUncertain })
  }

  async #isUncertain(): Promise<boolean> {
    return (await this.#job.outbox.list()).some(({ isPartlyApplied }) => isPartlyApplied === true)
  }

  /**
   * A sequence that is not the expected one may be that of another process behind the same address; then what others
   * say counts (protocol.md §3).
   */
  async #inDoubt(status: ReceiverStatus): Promise<ReceiverStatus> {
    const { receiver, context } = this.#job
    const expected = this.#ledger.confirmed?.sequence
    if (status.dialect.proof === 'tree' || expected === undefined || status.sequence === expected) return status
    const ask = async (): Promise<readonly number[]> => await receiver.counters(context.signal)
    const told = [status.sequence, ...(await withRetry(context.policy, context, ask))]
    if (new Set(told).size > 1) {
      context.onNotice(
        'Several processes answer at this address, and each counts for itself; their files are the same.',
      )
      const sequence = told.includes(expected) ? expected : Math.max(...told)
      return { ...status, sequence, hasSeveralCounters: true }
    }
    if (status.sequence > expected) return status
    // It may be another program since it was restarted.
    await receiver.forget()
    return await askStatus(receiver, context)
  }

  async #act(decision: Recovery, attempted: OutboxEntry | null, status: ReceiverStatus): Promise<Next> {
    switch (decision.kind) {
      case 'halt':
        throw new DeltaError('conflict', decision.why, {
          facts: { receiver_sequence: status.sequence, confirmed_sequence: this.#ledger.confirmed?.sequence ?? 0 },
          next: 'If this work tree is the one that counts, run: ce-delta push --force',
        })
      case 'confirm attempted':
        if (attempted !== null) await this.#ledger.confirmUpTo(attempted, status)
        return { isDone: false, isStale: false, status }
      case 'resend attempted':
        if (attempted === null) return { isDone: false, isStale: true, status }
        if ((attempted.dialect ?? 'ce-delta') !== status.dialect.name) return await this.#sendChanges(status)
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

  async #sendChanges(status: ReceiverStatus): Promise<Next> {
    const { target, outbox } = this.#job
    const base = this.#ledger.confirmed?.tree ?? EMPTY_TREE
    const waiting = await outbox.list()
    const isOwn = status.dialect.proof === 'tree'
    if (isOwn && waiting.length > 0 && isChain(waiting, base, status.sequence, target)) {
      return await deliverAll(this.#job, this.#ledger, waiting, status)
    }
    const delta = await this.#changesSince(base)
    if (delta !== null) return await this.#send(delta, status)
    return status.canListTree ? await this.#rebase(status) : await this.#sendFull(status)
  }

  async #rebase(status: ReceiverStatus): Promise<Next> {
    const { shadow, target } = this.#job
    const listed = await this.#listed()
    if (status.tree !== null && listed !== status.tree) return { isDone: false, isStale: true, status }
    return await this.#send(await deltaOf(shadow, listed, target), status)
  }

  async #sendFull(status: ReceiverStatus): Promise<Next> {
    const { shadow, target, options } = this.#job
    const saidBase = this.#fullIsDue ? null : options.saidBase
    this.#fullIsDue = false
    if (status.canListTree) return await this.#send(await fullDelta(shadow, await this.#listed(), target), status)
    if (saidBase !== null) {
      const said = await this.#ifKnown(saidBase, () => deltaOf(shadow, saidBase, target))
      if (said !== null) return await this.#send(said, status)
    }
    const { tree, commit } = this.#ledger.confirmed ?? { tree: EMPTY_TREE, commit: null }
    const entries = await this.#job.outbox.list()
    const sent = entries.filter(({ attemptedAt }) => attemptedAt !== null).map(({ target: reached }) => reached)
    const delta = await this.#ifKnown(tree, () => resyncDelta(shadow, commit, target, sent))
    return await this.#send(delta ?? (await resyncDelta(shadow, null, target)), status, true)
  }

  async #send(delta: Delta, status: ReceiverStatus, isResync = false): Promise<Next> {
    if (delta.operations.length === 0) return await this.#adopt(status)
    this.#operations = delta.operations
    this.#job.context.onDelta(delta)
    if (status.dialect.proof === 'tree') return await sendDelta(this.#job, this.#ledger, delta, status)
    return await sendInParts(this.#job, this.#ledger, delta, status, isResync)
  }

  async #adopt(status: ReceiverStatus): Promise<Next> {
    await this.#ledger.adopt(status)
    return { isDone: true, isStale: false, status }
  }

  async #listed(): Promise<TreeId> {
    const { shadow, receiver, context } = this.#job
    const ask = async (): Promise<TreeId> => await listedTree(shadow, receiver, context.signal)
    const listed = await withRetry(context.policy, context, ask)
    await guardAgainstMassDeletion(this.#job, listed)
    return listed
  }

  /** The changes since a snapshot; null where that snapshot was lost, so that only the receiver can tell. */
  async #changesSince(base: TreeId): Promise<Delta | null> {
    return await this.#ifKnown(base, () => deltaOf(this.#job.shadow, base, this.#job.target))
  }

  async #ifKnown(base: TreeId, make: () => Promise<Delta>): Promise<Delta | null> {
    const { shadow, target, context } = this.#job
    try {
      return await make()
    } catch (thrown) {
      const isLost = thrown instanceof DeltaError && thrown.code === 'objects-missing' && base !== EMPTY_TREE
      if (!isLost) throw thrown
      // Where it is the new snapshot that was lost, this fails again, and everything is read anew.
      await deltaOf(shadow, EMPTY_TREE, target)
      context.onNotice(LOST_RECORD)
      return null
    }
  }

  #result({ status, leftBehind = [] }: Next): SynchroniseResult {
    const { sent } = this.#ledger
    return {
      outcome: sent.length > 0 ? 'confirmed' : 'unchanged',
      sequence: status.sequence,
      receiverTree: status.tree,
      mirror: status.mirror,
      operations: this.#operations,
      counts: sumOf(sent),
      bundles: sent,
      leftBehind,
      error: null,
    }
  }
}

function notConfirmed(): DeltaError {
  return new DeltaError('not-confirmed', 'The answers of the receiver are lost again and again.', {
    next: 'The changes are kept; the next push sends them. Check the network, and proxies in between.',
  })
}

function sumOf(entries: readonly OutboxEntry[]): OperationCounts {
  return entries.reduce((sum, { operations }) => addCounts(sum, operations), NO_OPERATIONS)
}
