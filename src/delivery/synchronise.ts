import type { Delta, Operation, OperationCounts, TreeId } from '../delta/operation.js'
import { addCounts, NO_OPERATIONS } from '../delta/operation.js'
import { type Confirmed, type ConfirmedRecord, readConfirmed, writeConfirmed } from '../snapshot/confirmed.js'
import type { Shadow } from '../snapshot/shadow.js'
import { DeltaError } from '../support/errors.js'
import { EMPTY_TREE } from '../support/git.js'
import type { Lock } from '../support/lock.js'
import { type DeliveryContext, deliver, settledStatus } from './deliver.js'
import { guardAgainstMassDeletion } from './mass-deletion-guard.js'
import type { Outbox, OutboxEntry } from './outbox.js'
import { packParts } from './pack.js'
import { deltaOf, fullDelta, listedTree, resyncDelta } from './prepare.js'
import type { Receiver, ReceiverStatus } from './receiver.js'
import { type Recovery, recover } from './recover.js'
import { isPassing, withRetry } from './retry.js'

export interface SynchroniseOptions {
  /** Overwrite what another writer left. */
  readonly force: boolean
  /** Send everything, whatever the receiver has. */
  readonly full: boolean
  /** Delete most of what the receiver holds. */
  readonly allowMassDelete: boolean
  readonly workspacePath: string
  readonly collectionName: string
  readonly limits: { readonly operations: number; readonly bytes: number }
}

export interface SynchroniseContext extends DeliveryContext {
  readonly randomId: () => string
  readonly onNotice: (message: string) => void
  readonly onBundle: (entry: OutboxEntry) => void
  readonly onConfirmed: (entry: OutboxEntry, tree: TreeId | null) => void
}

export interface SynchroniseJob {
  readonly shadow: Shadow
  readonly receiver: Receiver
  readonly outbox: Outbox
  readonly lock: Lock
  readonly target: TreeId
  readonly options: SynchroniseOptions
  readonly context: SynchroniseContext
}

export interface SynchroniseResult {
  readonly outcome: 'confirmed' | 'unchanged' | 'queued'
  readonly sequence: number | null
  readonly receiverTree: TreeId | null
  readonly mirror: string | null
  readonly operations: readonly Operation[]
  readonly counts: OperationCounts
  readonly bundles: readonly OutboxEntry[]
  /** Why it is only queued. */
  readonly error: DeltaError | null
}

/** How reading the record of the last confirmation fails where its objects are gone or damaged. */
const DAMAGED: ReadonlySet<string> = new Set(['objects-missing', 'git-failed'])

const LOST_RECORD = 'The record of the last push is damaged; the receiver is asked instead.'

/** Every disagreement is settled by asking; one that comes back again and again is not a disagreement any more. */
const MAX_ROUNDS = 5

/**
 * Makes a receiver hold a snapshot, and proves it. Each round asks what the receiver has, decides (`recover`), and acts;
 * the confirmed reference moves only after a confirmation, bundle by bundle. Where the receiver cannot be reached the
 * bundles wait in the outbox. Throws what trying again will not cure.
 */
export async function synchronise(job: SynchroniseJob, asked: Promise<ReceiverStatus>): Promise<SynchroniseResult> {
  const run = new Synchronisation(job)
  await job.outbox.collect()
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
  readonly #sent: OutboxEntry[] = []
  #operations: readonly Operation[] = []
  #confirmed: ConfirmedRecord | null = null
  #fullIsDue: boolean

  constructor(job: SynchroniseJob) {
    this.#job = job
    this.#fullIsDue = job.options.full
  }

  async rounds(asked: Promise<ReceiverStatus>): Promise<SynchroniseResult> {
    const { receiver, context, outbox } = this.#job
    this.#confirmed = await this.#lastConfirmed()
    await this.#guard(this.#confirmed?.tree ?? EMPTY_TREE)
    let status = await asked
    for (let round = 1; round <= MAX_ROUNDS; round++) {
      const attempted = await this.#attempted(await outbox.list())
      const decision = this.#decide(attempted, status)
      if ('why' in decision && decision.why !== null) this.#tell(decision)
      const next = await this.#act(decision, attempted, status)
      if (next.isDone) return await this.#finish(next.status)
      status = next.isStale ? await askStatus(receiver, context) : next.status
    }
    throw new DeltaError('proof-failed', 'The receiver does not come to hold what was sent to it.', {
      facts: { target: this.#job.target, receiver_tree: status.tree },
      next: 'Run `ce-delta push --full`; if that does not help, the receiver’s storage is damaged.',
    })
  }

  /** Writes what would have been sent into the outbox, where the next push, or `outbox export`, finds it. */
  async queue(error: DeltaError): Promise<SynchroniseResult> {
    const { outbox, target } = this.#job
    const entries = await outbox.list()
    const attempted = entries.filter(({ attemptedAt }) => attemptedAt !== null)
    const tail = attempted.at(-1)
    const from = tail?.target ?? this.#confirmed?.tree ?? EMPTY_TREE
    const sequence = tail?.sequence ?? this.#confirmed?.sequence ?? 0
    const waiting = entries.slice(attempted.length)
    if (!isChain(waiting, from, sequence, target)) {
      for (const entry of waiting) await outbox.remove(entry)
      const delta = await this.#changesSince(from)
      this.#operations = delta?.operations ?? []
      for await (const entry of delta === null ? [] : this.#pack(delta, sequence, (tail?.position ?? 0) + 1, true))
        this.#job.context.onBundle(entry)
    }
    const bundles = await outbox.list()
    const counts = bundles.reduce((sum, entry) => addCounts(sum, entry.operations), NO_OPERATIONS)
    const facts = { sequence: this.#confirmed?.sequence ?? null, receiverTree: null, mirror: null }
    return { outcome: 'queued', ...facts, operations: this.#operations, counts, bundles, error }
  }

  /** What was confirmed last; null also where the record of it was lost: then the receiver is asked what it has. */
  async #lastConfirmed(): Promise<ConfirmedRecord | null> {
    const { shadow, receiver, context } = this.#job
    try {
      return await readConfirmed(shadow, receiver.key)
    } catch (thrown) {
      if (!(thrown instanceof DeltaError) || !DAMAGED.has(thrown.code)) throw thrown
      context.onNotice(LOST_RECORD)
      return null
    }
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

  /** The bundle whose fate is unknown. One that was confirmed already was only not removed in time. */
  async #attempted(entries: readonly OutboxEntry[]): Promise<OutboxEntry | null> {
    const [first] = entries
    if (first === undefined || first.attemptedAt === null) return null
    if (first.bundleId !== this.#confirmed?.bundleId) return first
    await this.#job.outbox.remove(first)
    return null
  }

  #decide(attempted: OutboxEntry | null, status: ReceiverStatus): Recovery {
    const { target, options } = this.#job
    return recover({
      confirmed: this.#confirmed,
      attempted,
      receiver: status,
      target,
      force: options.force || options.full,
    })
  }

  async #act(decision: Recovery, attempted: OutboxEntry | null, status: ReceiverStatus): Promise<Next> {
    switch (decision.kind) {
      case 'halt':
        throw new DeltaError('conflict', decision.why, {
          facts: { receiver_sequence: status.sequence, confirmed_sequence: this.#confirmed?.sequence ?? 0 },
          next: 'If this work tree is the one that counts, run: ce-delta push --force',
        })
      case 'confirm attempted':
        if (attempted !== null) await this.#confirm(attempted, status.tree, status.sequence)
        return { isDone: false, isStale: false, status }
      case 'resend attempted':
        return attempted === null ? { isDone: false, isStale: true, status } : await this.#deliver(attempted, status)
      case 'adopt':
        if (!this.#fullIsDue) {
          await this.#adopt(status)
          return { isDone: true, isStale: false, status }
        }
        return await this.#sendFull(status)
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
    const base = this.#confirmed?.tree ?? EMPTY_TREE
    const waiting = await outbox.list()
    if (waiting.length > 0 && isChain(waiting, base, status.sequence, target))
      return await this.#deliverAll(asyncOf(waiting), status)
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
    const { shadow, target } = this.#job
    this.#fullIsDue = false
    if (status.canListTree) return await this.#send(await fullDelta(shadow, await this.#listed(), target), status)
    const { tree, commit } = this.#confirmed ?? { tree: EMPTY_TREE, commit: null }
    const delta = await this.#ifKnown(tree, () => resyncDelta(shadow, commit, target))
    return await this.#send(delta ?? (await resyncDelta(shadow, null, target)), status)
  }

  async #listed(): Promise<TreeId> {
    const { shadow, receiver, context } = this.#job
    const listed = await withRetry(
      context.policy,
      context,
      async () => await listedTree(shadow, receiver, context.signal),
    )
    await this.#guard(listed)
    return listed
  }

  async #guard(held: TreeId): Promise<void> {
    const { shadow, target, options } = this.#job
    if (!options.allowMassDelete) await guardAgainstMassDeletion(shadow, held, target)
  }

  async #send(delta: Delta, status: ReceiverStatus): Promise<Next> {
    if (delta.operations.length === 0) {
      await this.#adopt(status)
      return { isDone: true, isStale: false, status }
    }
    for (const entry of await this.#job.outbox.list()) await this.#job.outbox.remove(entry)
    this.#operations = delta.operations
    const entries = this.#pack(delta, status.sequence, 1, !status.movesWithoutContent, status.maxBundleBytes)
    return await this.#deliverAll(entries, status)
  }

  #pack(delta: Delta, sequence: number, position: number, movesCarryContent: boolean, maxBytes: number | null = null) {
    const { shadow, outbox, options, context } = this.#job
    const limits = { ...options.limits, bytes: Math.min(options.limits.bytes, maxBytes ?? options.limits.bytes) }
    const identity = { workspacePath: options.workspacePath, collectionName: options.collectionName }
    return packParts(shadow, outbox, delta, {
      ...identity,
      limits,
      movesCarryContent,
      sequence,
      position,
      now: context.now,
      randomId: context.randomId,
    })
  }

  /** Delivers while the next bundle is made. Where delivery fails, the rest is still made, and waits. */
  async #deliverAll(entries: AsyncIterable<OutboxEntry>, status: ReceiverStatus): Promise<Next> {
    let next: Next = { isDone: false, isStale: true, status }
    let failure: unknown = null
    for await (const entry of entries) {
      this.#job.context.onBundle(entry)
      if (failure !== null) continue
      try {
        next = await this.#deliver(entry, next.status)
      } catch (thrown) {
        if (!(thrown instanceof DeltaError) || !isPassing(thrown)) throw thrown
        failure = thrown
      }
      if (failure === null && next.isStale) return next
    }
    if (failure !== null) throw failure
    return next
  }

  async #deliver(entry: OutboxEntry, status: ReceiverStatus): Promise<Next> {
    const { receiver, outbox, context, lock, target } = this.#job
    await lock.verify()
    if (!(await outbox.isIntact(entry))) {
      context.onNotice('A bundle in the outbox was damaged; it is made anew.')
      await outbox.remove(entry)
      return { isDone: false, isStale: true, status }
    }
    const { result, isRepeated } = await deliver(receiver, outbox, entry, context)
    const isProven = result.kind === 'applied' && (result.tree === null || result.tree === entry.target)
    if (!isProven) {
      context.onNotice(`Bundle ${entry.sequence} was not what the receiver needs (${result.kind}); it is asked again.`)
      // One that may have been applied stays, so that the next round can tell its effect from another writer's.
      const mayBeApplied = result.kind === 'applied' || (result.kind === 'sequence mismatch' && isRepeated)
      if (!mayBeApplied) await outbox.remove(entry)
      return { isDone: false, isStale: true, status }
    }
    await this.#confirm(entry, result.tree, result.sequence)
    const now = {
      ...status,
      sequence: result.sequence,
      tree: result.tree,
      lastBundleId: entry.bundleId,
      mirror: result.mirror ?? status.mirror,
    }
    return { isDone: entry.target === target, isStale: false, status: now }
  }

  async #confirm(entry: OutboxEntry, tree: TreeId | null, sequence: number): Promise<void> {
    const { bundleId, operations, bytes, target } = entry
    await this.#record({
      tree: target,
      sequence,
      bundleId,
      operations,
      bytes,
      confirmedAt: this.#job.context.now().toISOString(),
    })
    await this.#job.outbox.remove(entry)
    this.#sent.push(entry)
    this.#job.context.onConfirmed(entry, tree)
  }

  /** The receiver has the snapshot already, by whatever way. */
  async #adopt(status: ReceiverStatus): Promise<void> {
    for (const entry of await this.#job.outbox.list()) await this.#job.outbox.remove(entry)
    const { target, context } = this.#job
    if (this.#confirmed?.tree === target && this.#confirmed.sequence === status.sequence) return
    const confirmedAt = context.now().toISOString()
    await this.#record({
      tree: target,
      sequence: status.sequence,
      bundleId: status.lastBundleId,
      operations: NO_OPERATIONS,
      bytes: 0,
      confirmedAt,
    })
  }

  async #record(confirmed: Confirmed): Promise<void> {
    const { shadow, receiver, lock } = this.#job
    await lock.verify()
    this.#confirmed = await writeConfirmed(shadow, receiver.key, this.#confirmed, confirmed)
  }

  async #finish(status: ReceiverStatus): Promise<SynchroniseResult> {
    return {
      outcome: this.#sent.length > 0 ? 'confirmed' : 'unchanged',
      sequence: status.sequence,
      receiverTree: status.tree,
      mirror: status.mirror,
      operations: this.#operations,
      counts: this.#sent.reduce((sum, entry) => addCounts(sum, entry.operations), NO_OPERATIONS),
      bundles: this.#sent,
      error: null,
    }
  }

  #tell(decision: Recovery & { readonly why: string | null }): void {
    if (decision.kind !== 'halt' && decision.why !== null) this.#job.context.onNotice(decision.why)
  }
}

/** How a round ended. `isStale`: the status is not known to be true any more. */
interface Next {
  readonly isDone: boolean
  readonly isStale: boolean
  readonly status: ReceiverStatus
}

/** Whether the waiting bundles lead, one after another, from what the receiver has to the target. */
function isChain(entries: readonly OutboxEntry[], base: TreeId, sequence: number, target: TreeId): boolean {
  let tree = base
  for (const [index, entry] of entries.entries()) {
    if (entry.base !== tree || entry.sequence !== sequence + 1 + index) return false
    tree = entry.target
  }
  return tree === target
}

async function* asyncOf<Item>(items: Iterable<Item>): AsyncGenerator<Item> {
  yield* items
}
