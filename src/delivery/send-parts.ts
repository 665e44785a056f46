import { countOperations, type Delta, type Operation, type TreeId } from '../delta/operation.js'
import { storeBlob, treeAfter } from '../snapshot/trees.js'
import { DeltaError } from '../support/errors.js'
import { blobSizes } from '../support/git-objects.js'
import { BatchSize } from './batch-size.js'
import { deliver } from './deliver.js'
import { carry, type LeftBehind } from './dialects/carry.js'
import { type Aside, stepsFor } from './dialects/steps.js'
import { ownNamesOf } from './dialects/workspace-names.js'
import type { Next, SynchroniseJob } from './job.js'
import { whatItLacks } from './lacking.js'
import type { Ledger } from './ledger.js'
import type { OutboxEntry } from './outbox.js'
import { packBundle } from './pack.js'
import { type Part, Parts } from './parts.js'
import { type OldFolders, oldFolders } from './prepare.js'
import type { PlainOperation, ReceiverStatus } from './receiver.js'
import { settledStatus } from './wait-applied.js'

export interface PartsOptions {
  /** Everything is sent, so that what is uncertain about earlier bundles is over when the first part is confirmed. */
  readonly isResync: boolean
  /** Every file is written, whatever the server believes to have. */
  readonly isForced: boolean
}

/** Where the configuration says so, a resync leaves out what the server says it has. */
async function lackingOnly(
  job: SynchroniseJob,
  delta: Delta,
  { isResync, isForced }: PartsOptions,
): Promise<{ delta: Delta; isForced: boolean }> {
  if (!isResync || job.options.recovery !== 'compare') return { delta, isForced }
  const lacking = await whatItLacks(job, delta)
  return lacking === null ? { delta, isForced } : { delta: lacking, isForced: false }
}

/**
 * Sends a delta to a server that is not ours, part by part: never two bundles under way, the next one only when the
 * status shows that the last one was applied, in the wire profile of its dialect, and in sizes that keep the server
 * fast. What does not get through is cut down to the one file that is the matter; that is left behind, by name, and the
 * rest goes on. Throws what cannot be got over.
 */
export async function sendInParts(
  job: SynchroniseJob,
  ledger: Ledger,
  delta: Delta,
  status: ReceiverStatus,
  options: PartsOptions,
): Promise<Next> {
  const { shadow, options: settings } = job
  const folders = await oldFolders(shadow, status.dialect, ledger.confirmed?.commit ?? null)
  // After a resync nothing is known for certain; what does not work then is found by trying.
  const place = {
    ownNames: ownNamesOf(settings.workspacePath),
    hasFolder: options.isResync ? () => false : folders.stands,
  }
  const { delta: lacking, isForced } = await lackingOnly(job, delta, options)
  const { operations, leftBehind } = carry(lacking.operations, status.dialect, place)
  const blobs = operations.flatMap((operation) => (operation.kind === 'deleted' ? [] : [operation.blob]))
  const sizes = await blobSizes(shadow.repository, blobs)
  const sizeOf = (operation: Operation): number => (operation.kind === 'deleted' ? 0 : (sizes.get(operation.blob) ?? 0))
  const sending = new Sending(
    job,
    ledger,
    lacking.base,
    status,
    folders,
    { ...options, isForced },
    new Parts(operations, sizeOf),
  )
  return await sending.run(leftBehind)
}

type Outcome = 'applied' | 'too large' | 'partly applied' | 'not in step' | 'unclear'

class Sending {
  readonly #job: SynchroniseJob
  readonly #ledger: Ledger
  readonly #folders: OldFolders
  readonly #options: PartsOptions
  readonly #parts: Parts
  readonly #size: BatchSize
  readonly #leftBehind: LeftBehind[] = []
  #base: TreeId
  #status: ReceiverStatus
  #position = 1
  /** Earlier bundles of which it is not known what they did; they stay until this is over. */
  #uncertain: readonly OutboxEntry[] = []

  constructor(
    job: SynchroniseJob,
    ledger: Ledger,
    base: TreeId,
    status: ReceiverStatus,
    folders: OldFolders,
    options: PartsOptions,
    parts: Parts,
  ) {
    this.#job = job
    this.#ledger = ledger
    this.#base = base
    this.#status = status
    this.#folders = folders
    this.#options = options
    this.#parts = parts
    const { operations, bytes } = job.options.limits
    this.#size = new BatchSize({ operations, bytes: Math.min(bytes, status.maxBundleBytes ?? bytes) })
  }

  async run(leftBehind: readonly LeftBehind[]): Promise<Next> {
    this.#leftBehind.push(...leftBehind)
    await this.#clearOutbox()
    const firstPosition = this.#position
    for (let part = this.#parts.next(this.#size); part !== undefined; part = this.#parts.next(this.#size)) {
      const outcome = await this.#send(part)
      const isUnclear = outcome === 'unclear'
      if (isUnclear || outcome === 'not in step')
        return { isDone: false, isStale: true, status: this.#status, isUnclear }
    }
    // Where nothing had to be sent, what the receiver was found to hold is recorded all the same.
    const isUnrecorded = this.#options.isResync && this.#position === firstPosition
    if (isUnrecorded) await this.#ledger.move(this.#base, this.#status.sequence)
    await this.#settle(this.#uncertain)
    return { isDone: true, isStale: false, status: this.#status, leftBehind: this.#leftBehind }
  }

  /** What was never sent is superseded; what was, only where it is known that it did nothing. */
  async #clearOutbox(): Promise<void> {
    const { outbox } = this.#job
    const entries = await outbox.list()
    const isKept = (entry: OutboxEntry): boolean => this.#options.isResync && entry.attemptedAt !== null
    this.#uncertain = entries.filter(isKept)
    for (const entry of entries) if (!isKept(entry)) await outbox.remove(entry)
    this.#position = 1 + Math.max(0, ...this.#uncertain.map(({ position }) => position))
  }

  async #send(part: Part): Promise<Outcome> {
    const { outbox, context } = this.#job
    const entry = await this.#pack(part)
    context.onBundle(entry)
    const started = context.now().getTime()
    const outcome = await this.#deliver(entry, part)
    if (outcome === 'applied') {
      this.#size.applied(part.operations.length, context.now().getTime() - started)
      this.#base = entry.target
      await this.#settle(part.settles)
      return outcome
    }
    if (outcome === 'partly applied') await outbox.put({ ...entry, attemptedAt: now(context), isPartlyApplied: true })
    if (outcome === 'too large') await outbox.remove(entry)
    if (outcome === 'too large') this.#size.tooLarge(this.#parts.bytesOf(part))
    if (outcome === 'too large' || outcome === 'partly applied') await this.#divide(part, entry, outcome)
    return outcome
  }

  async #deliver(entry: OutboxEntry, part: Part): Promise<Outcome> {
    const { receiver, outbox, context, lock } = this.#job
    if (entry.bytes > (this.#status.maxBundleBytes ?? Number.POSITIVE_INFINITY)) return 'too large'
    await lock.verify()
    const isNumbered = !this.#status.hasSeveralCounters
    try {
      const { result, isRepeated } = await deliver(receiver, outbox, entry, context, { isNumbered, ...plainOf(part) })
      if (result.kind === 'partly applied') {
        this.#status = await settledStatus(receiver, context)
        return 'partly applied'
      }
      if (result.kind !== 'applied') {
        // One that may have been applied stays, so that the next round can tell its effect from another writer's.
        if (isRepeated) return 'unclear'
        await outbox.remove(entry)
        return 'not in step'
      }
      const sequence = isNumbered ? result.sequence : Math.max(result.sequence, this.#ledger.confirmed?.sequence ?? 0)
      await this.#ledger.confirm(entry, null, sequence)
      this.#status = { ...this.#status, sequence: result.sequence, lastBundleId: entry.bundleId }
      // The first answer tells which dialect it is.
      if (this.#status.dialect.proof === 'answer or status') this.#status = await settledStatus(receiver, context)
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
    if (only === undefined) return
    if (others.length > 0) return this.#parts.halve(part, failed)
    const settles = failed === null ? part.settles : [...part.settles, failed]
    const isTriedAgain = part.way === 'first' && failed !== null && this.#hasOtherWay(only)
    if (isTriedAgain) return this.#parts.again({ ...part, settles, way: 'other' })
    await this.#leaveBehind(only, outcome)
    await this.#settle(settles)
  }

  /** What the receiver has at this path is not known any more, so that every push tries it again. */
  async #leaveBehind(operation: Operation, outcome: 'too large' | 'partly applied'): Promise<void> {
    const { shadow } = this.#job
    const { path } = operation
    const isFolder = this.#folders.everStood(path)
    // A folder is no file that had to be deleted.
    if (operation.kind === 'deleted' && isFolder) return
    if (operation.kind !== 'deleted' && !isFolder) {
      const unknown = await storeBlob(shadow, `what the receiver has of ${path} is not known\n`)
      const marks: Operation[] = [{ kind: 'created', path, blob: unknown }]
      if (operation.kind === 'moved') marks.push({ kind: 'created', path: operation.source, blob: unknown })
      this.#base = await treeAfter(shadow, this.#base, marks)
      await this.#ledger.move(this.#base, this.#status.sequence)
    }
    const why = outcome === 'too large' ? 'it is larger than what this server takes' : 'the server could not apply it'
    this.#leftBehind.push({ path, why })
  }

  async #settle(entries: readonly OutboxEntry[]): Promise<void> {
    for (const entry of entries) await this.#job.outbox.remove(entry)
  }

  async #pack(part: Part): Promise<OutboxEntry> {
    const { shadow, outbox, options, context } = this.#job
    const { dialect, sequence } = this.#status
    const id = context.randomId()
    const target = await treeAfter(shadow, this.#base, part.operations)
    const asides = this.#asidesOf(part, id)
    const { steps, guards } = stepsFor(part.operations, dialect, { asides, isForced: this.#options.isForced })
    const place = { id, position: this.#position++, sequence: sequence + 1, manifestSequence: null }
    const content = { base: this.#base, target, operations: steps, guards }
    const { workspacePath, collectionName } = options
    const packed = await packBundle(shadow, outbox, place, content, { workspacePath, collectionName, now: context.now })
    const entry = { ...packed, operations: countOperations(part.operations), dialect: dialect.name }
    await outbox.put(entry)
    return entry
  }

  /**
   * Which folders are moved out of the way of files: those that are known to stand there. In a resync that is not known;
   * where failures are told it is then tried without, and where they are not, whatever stands there is removed.
   */
  #asidesOf({ operations, way }: Part, id: string): Aside[] {
    const { emptyFolders, proof } = this.#status.dialect
    if (emptyFolders !== 'can be moved aside') return []
    const { isResync } = this.#options
    const { stands, everStood } = this.#folders
    const isFirst = way === 'first'
    const isMoved = (path: string): boolean => {
      if (!isResync) return isFirst ? stands(path) : everStood(path) && !stands(path)
      return everStood(path) && (proof === 'answer') !== isFirst
    }
    const blocked = operations.filter(({ kind, path }) => kind !== 'deleted' && isMoved(path))
    const mayBeFile = isResync && isFirst
    return blocked.map(({ path: source }, index) => ({ source, path: `.ce-delta-aside/${id}-${index}`, mayBeFile }))
  }

  #hasOtherWay({ kind, path }: Operation): boolean {
    const { emptyFolders } = this.#status.dialect
    return kind !== 'deleted' && emptyFolders === 'can be moved aside' && this.#folders.everStood(path)
  }
}

/** Deletions and moves need no bundle where a server takes them without one. */
function plainOf({ operations }: Part): { readonly plain?: readonly PlainOperation[] } {
  const plain: PlainOperation[] = []
  for (const operation of operations) {
    if (operation.kind === 'deleted') plain.push({ kind: 'deleted', path: operation.path })
    else if (operation.kind === 'moved') plain.push({ kind: 'moved', path: operation.path, source: operation.source })
    else return {}
  }
  return { plain }
}

function now(context: { readonly now: () => Date }): string {
  return context.now().toISOString()
}
