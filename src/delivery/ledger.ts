import type { GitHistory } from '../bundle/git-history.js'
import { NO_OPERATIONS, type TreeId } from '../delta/operation.js'
import { type Confirmed, type ConfirmedRecord, writeConfirmed } from '../snapshot/confirmed.js'
import { DeltaError } from '../support/errors.js'
import type { SynchroniseJob } from './job.js'
import type { OutboxEntry } from './outbox.js'
import type { ReceiverStatus } from './receiver.js'

export const LOST_RECORD = 'The record of the last push is damaged; the receiver is asked instead.'

type Facts = Omit<Confirmed, 'confirmedAt' | 'trigger' | 'durationMs' | 'historyHead'>

/** How reading the record fails where its objects are gone or damaged. */
const DAMAGED: ReadonlySet<string> = new Set(['objects-missing', 'git-failed'])

/**
 * What a receiver is known to hold, while it is brought to the target. The only place that moves the confirmed
 * reference, always before the outbox entry is removed: a process killed in between finds both, and removes the entry.
 */
export class Ledger {
  readonly #job: SynchroniseJob
  readonly #sent: OutboxEntry[] = []
  #confirmed: ConfirmedRecord | null
  #since: Date
  readonly #histories = new Map<string | null, Promise<GitHistory | null>>()
  /** The commit up to which this push told the receiver of the history. */
  #toldHead: string | null = null

  private constructor(job: SynchroniseJob, confirmed: ConfirmedRecord | null) {
    this.#job = job
    this.#confirmed = confirmed
    this.#since = job.options.startedAt
  }

  /** A record that was lost counts as none: then the receiver is asked what it has. */
  static async open(job: SynchroniseJob, recorded: Promise<ConfirmedRecord | null>): Promise<Ledger> {
    try {
      return new Ledger(job, await recorded)
    } catch (thrown) {
      if (!(thrown instanceof DeltaError) || !DAMAGED.has(thrown.code)) throw thrown
      job.context.onNotice(LOST_RECORD)
      return new Ledger(job, null)
    }
  }

  get confirmed(): ConfirmedRecord | null {
    return this.#confirmed
  }

  /** The bundles that were confirmed since this ledger was opened. */
  get sent(): readonly OutboxEntry[] {
    return this.#sent
  }

  /**
   * The commits that the receiver was not told of; null where there are none, or none are wanted. `isResync`: it may have
   * lost what it was told.
   */
  async commitsToTell(isResync = false): Promise<GitHistory | null> {
    const { readCommits, options } = this.#job
    if (readCommits === undefined) return null
    const since = isResync || options.full ? null : (this.#confirmed?.historyHead ?? null)
    const reading = this.#histories.get(since) ?? readCommits(since)
    this.#histories.set(since, reading)
    const history = await reading
    return history === null || history.head === this.#toldHead ? null : history
  }

  /** The bundle whose fate is unknown. One that was confirmed already was only not removed in time. */
  async attempted(status: ReceiverStatus): Promise<OutboxEntry | null> {
    const entries = await this.#job.outbox.list()
    // Of several that were exported, the receiver may have any number.
    const reached = entries.findLast((entry) => entry.attemptedAt !== null && isReached(entry, status))
    if (reached !== undefined && reached.bundleId !== this.#confirmed?.bundleId) return reached
    const [first] = entries
    if (first === undefined || first.attemptedAt === null) return null
    if (first.bundleId !== this.#confirmed?.bundleId) return first
    await this.#job.outbox.remove(first)
    return null
  }

  /** The receiver applied this bundle, which follows on all that stand before it, so it applied them too. */
  async confirmUpTo(applied: OutboxEntry, status: ReceiverStatus): Promise<void> {
    const { outbox } = this.#job
    for (const entry of await outbox.list()) {
      if (entry.position >= applied.position) break
      if (entry.bundleId === this.#confirmed?.bundleId) await outbox.remove(entry)
      else await this.confirm(entry, entry.target, entry.sequence)
    }
    await this.confirm(applied, status.tree, status.sequence)
  }

  /** The receiver applied this bundle, and gave it this number. */
  async confirm(entry: OutboxEntry, tree: TreeId | null, sequence: number): Promise<void> {
    const { bundleId, operations, bytes, target, historyHead = null } = entry
    this.#toldHead = historyHead ?? this.#toldHead
    await this.#record({ tree: target, sequence, bundleId, operations, bytes }, historyHead)
    await this.#job.outbox.remove(entry)
    this.#sent.push(entry)
    this.#job.context.onConfirmed(entry, tree)
  }

  /** What the receiver holds became less certain: a file that it could not take is marked in the tree. */
  async move(tree: TreeId, sequence: number): Promise<void> {
    await this.#record({ tree, sequence, bundleId: null, operations: NO_OPERATIONS, bytes: 0 })
  }

  /** The receiver has the target already, by whatever way. */
  async adopt(status: ReceiverStatus): Promise<void> {
    const { target, outbox } = this.#job
    for (const entry of await outbox.list()) await outbox.remove(entry)
    if (this.#confirmed?.tree === target && this.#confirmed.sequence === status.sequence) return
    const { sequence, lastBundleId: bundleId } = status
    await this.#record({
      tree: target,
      sequence,
      bundleId,
      operations: NO_OPERATIONS,
      bytes: 0,
    })
  }

  async #record(facts: Facts, toldHead: string | null = null): Promise<void> {
    const { shadow, receiver, lock, options, context } = this.#job
    await lock.verify()
    const now = context.now()
    const occasion = { trigger: options.trigger, durationMs: now.getTime() - this.#since.getTime() }
    const historyHead = toldHead ?? this.#confirmed?.historyHead ?? null
    const confirmed = { ...facts, confirmedAt: now.toISOString(), ...occasion, historyHead }
    this.#confirmed = await writeConfirmed(shadow, receiver.key, this.#confirmed, confirmed)
    this.#since = now
  }
}

function isReached(entry: OutboxEntry, { lastBundleId, sequence }: ReceiverStatus): boolean {
  return lastBundleId === null ? entry.sequence === sequence : entry.bundleId === lastBundleId
}
