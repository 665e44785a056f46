import type { GitHistory } from '../bundle/git-history.js'
import type { Operation, TreeId } from '../delta/operation.js'
import { storeBlob, treeAfter } from '../snapshot/trees.js'
import { DeltaError } from '../support/errors.js'
import { askStatus } from './ask-status.js'
import { BatchSize } from './batch-size.js'
import { deliver } from './deliver.js'
import type { LeftBehind } from './dialects/carry.js'
import { nextWay } from './dialects/folders-aside.js'
import type { Next, SynchroniseJob } from './job.js'
import type { Ledger } from './ledger.js'
import type { OutboxEntry } from './outbox.js'
import { type Destination, packInDialect, situationOf } from './pack-in-dialect.js'
import type { Part, Parts } from './parts.js'
import { plainOperations } from './plan-requests.js'
import type { ReceiverStatus } from './receiver.js'

/** What is to be sent, and what is known of the place that it goes to. */
export interface PartsTask extends Destination {
  readonly base: TreeId
  readonly parts: Parts
}

type Outcome = 'applied' | 'too large' | 'partly applied' | 'not in step' | 'unclear'

/** Sends the parts of one delta; see {@link sendInParts}. */
export class PartSender {
  readonly #job: SynchroniseJob
  readonly #ledger: Ledger
  readonly #task: PartsTask
  readonly #size: BatchSize
  readonly #leftBehind: LeftBehind[] = []
  #base: TreeId
  #status: ReceiverStatus
  #position = 1
  /** A bundle was too large although it had one operation at most: the commits in it may have been the matter. */
  #leavesHistoryOut = false
  /** Earlier bundles of which it is not known what they did; they stay until this is over. */
  #uncertain: readonly OutboxEntry[] = []

  constructor(job: SynchroniseJob, ledger: Ledger, task: PartsTask, status: ReceiverStatus) {
    this.#job = job
    this.#ledger = ledger
    this.#task = task
    this.#base = task.base
    this.#status = status
    const { operations, bytes } = job.options.limits
    this.#size = new BatchSize({ operations, bytes: Math.min(bytes, status.maxBundleBytes ?? bytes) })
  }

  async run(leftBehind: readonly LeftBehind[]): Promise<Next> {
    this.#leftBehind.push(...leftBehind)
    await this.#clearOutbox()
    const firstPosition = this.#position
    for (let part = this.#task.parts.next(this.#size); part !== undefined; part = this.#task.parts.next(this.#size)) {
      const outcome = await this.#send(part)
      const isUnclear = outcome === 'unclear'
      if (isUnclear || outcome === 'not in step')
        return { isDone: false, isStale: true, status: this.#status, isUnclear }
    }
    if ((await this.#history()) !== null) {
      const outcome = await this.#send({ operations: [], settles: [], way: 'usual' })
      if (outcome === 'unclear' || outcome === 'not in step')
        return { isDone: false, isStale: true, status: this.#status, isUnclear: outcome === 'unclear' }
    }
    // Where nothing had to be sent, what the receiver was found to hold is recorded all the same.
    const isUnrecorded = this.#task.isResync && this.#position === firstPosition
    if (isUnrecorded) await this.#ledger.move(this.#base, this.#status.sequence)
    await this.#settle(this.#uncertain)
    return { isDone: true, isStale: false, status: this.#status, leftBehind: this.#leftBehind }
  }

  /** What was never sent is superseded; what was, only where it is known that it did nothing. */
  async #clearOutbox(): Promise<void> {
    const { outbox } = this.#job
    const entries = await outbox.list()
    const isKept = (entry: OutboxEntry, at: number): boolean =>
      this.#task.isResync && entry.attemptedAt !== null && !entries.slice(at + 1).some(isOfSame(entry))
    this.#uncertain = entries.filter(isKept)
    for (const entry of entries) if (!this.#uncertain.includes(entry)) await outbox.remove(entry)
    this.#position = 1 + Math.max(0, ...this.#uncertain.map(({ position }) => position))
  }

  async #send(part: Part): Promise<Outcome> {
    const { outbox, context } = this.#job
    const place = { base: this.#base, status: this.#status, position: this.#position++, history: await this.#history() }
    const entry = await packInDialect(this.#job, part, this.#task, place)
    context.onBundle(entry)
    const started = context.now().getTime()
    const outcome = await this.#deliver(entry, part)
    if (outcome === 'applied') {
      this.#size.applied(part.operations.length, context.now().getTime() - started)
      this.#base = entry.target
      await this.#settle(part.settles)
      return outcome
    }
    if (outcome === 'too large') {
      await outbox.remove(entry)
      this.#size.tooLarge(this.#task.parts.bytesOf(part))
    }
    if (outcome === 'too large' || outcome === 'partly applied') await this.#divide(part, entry, outcome)
    return outcome
  }

  async #deliver(entry: OutboxEntry, part: Part): Promise<Outcome> {
    const { receiver, outbox, context, lock } = this.#job
    if (entry.bytes > (this.#status.maxBundleBytes ?? Number.POSITIVE_INFINITY)) return 'too large'
    await lock.verify()
    try {
      const plain = entry.historyHead === undefined ? plainOperations(part.operations) : undefined
      const { result, isRepeated } = await deliver(this.#job, entry, this.#status, plain === undefined ? {} : { plain })
      if (result.kind === 'partly applied') {
        this.#status = await askStatus(receiver, context)
        return 'partly applied'
      }
      if (result.kind !== 'applied') {
        // One that may have been applied stays, so that the next round can tell its effect from another writer's.
        if (isRepeated) return 'unclear'
        await outbox.remove(entry)
        return 'not in step'
      }
      if (result.tree !== null && result.tree !== entry.target) return 'not in step'
      await this.#ledger.confirm(entry, result.tree, this.#recorded(result.sequence))
      const { sequence, tree } = result
      this.#status = { ...this.#status, sequence, tree, lastBundleId: entry.bundleId }
      // The first answer tells which dialect it is.
      if (this.#status.dialect.proof === 'answer or status') this.#status = await askStatus(receiver, context)
      await this.#settle(this.#uncertain)
      this.#uncertain = []
      return 'applied'
    } catch (thrown) {
      if (thrown instanceof DeltaError && thrown.code === 'bundle-too-large') return 'too large'
      throw thrown
    }
  }

  /** Two halves, or, where it is one operation already, on without it. */
  async #divide(part: Part, entry: OutboxEntry, outcome: 'too large' | 'partly applied'): Promise<void> {
    const failed = outcome === 'partly applied' ? entry : null
    const [only, ...others] = part.operations
    if (outcome === 'too large' && others.length === 0 && entry.historyHead !== undefined) {
      this.#leavesHistoryOut = true
      if (only !== undefined) this.#task.parts.again(part)
      return
    }
    if (only === undefined) return
    if (others.length > 0) return this.#task.parts.halve(part, failed)
    const settles = failed === null ? part.settles : [...part.settles, failed]
    const way = failed === null ? null : nextWay(only, situationOf(part, this.#status.dialect, this.#task))
    if (way !== null) return this.#task.parts.again({ ...part, settles, way })
    await this.#leaveBehind(only, outcome)
    await this.#settle(settles)
  }

  /**
   * What the receiver has at this path is not known any more, so that every push tries it again. One that proves its tree
   * has what it had.
   */
  async #leaveBehind(operation: Operation, outcome: 'too large' | 'partly applied'): Promise<void> {
    const { path, kind } = operation
    const isFolder = this.#task.folders.everStood(path)
    const isKnown = this.#status.dialect.proof === 'tree'
    if (kind !== 'deleted' && !isFolder && !isKnown) this.#base = await this.#marked(operation)
    await this.#ledger.move(this.#base, this.#recorded(this.#status.sequence))
    // A folder is no file that had to be deleted.
    if (kind === 'deleted' && isFolder) return
    const why = outcome === 'too large' ? 'it is larger than what this server takes' : 'the server could not apply it'
    this.#leftBehind.push({ path, why })
  }

  /** The tree with a mark in the place of what is not known, which no file has as its content. */
  async #marked(operation: Operation): Promise<TreeId> {
    const { shadow } = this.#job
    const blob = await storeBlob(shadow, `what the receiver has of ${operation.path} is not known\n`)
    const paths = operation.kind === 'moved' ? [operation.path, operation.source] : [operation.path]
    const marks = paths.map((path) => ({ kind: 'created', path, blob }) as const)
    return await treeAfter(shadow, this.#base, marks)
  }

  /** Of several counters the highest is kept: one that is behind is then taken for what it is. */
  #recorded(sequence: number): number {
    return this.#status.hasSeveralCounters ? Math.max(sequence, this.#ledger.confirmed?.sequence ?? 0) : sequence
  }

  async #history(): Promise<GitHistory | null> {
    return this.#leavesHistoryOut ? null : await this.#ledger.commitsToTell(this.#task.isResync)
  }

  async #settle(entries: readonly OutboxEntry[]): Promise<void> {
    for (const entry of entries) await this.#job.outbox.remove(entry)
  }
}

/** Whether a bundle says of the doubts all that an earlier one says: what leads to the same files may have left the same. */
function isOfSame({ target }: OutboxEntry): (later: OutboxEntry) => boolean {
  return (later) => later.target === target && later.isPartlyApplied === true
}
