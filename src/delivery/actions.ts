import type { Delta, Operation } from '../delta/operation.js'
import { DeltaError } from '../support/errors.js'
import { EMPTY_TREE } from '../support/git.js'
import { changesSince, changesSinceListing, everythingBlindly, everythingOverListing } from './changes.js'
import { confirmAttempted } from './confirm-attempted.js'
import type { Next, SynchroniseJob } from './job.js'
import type { Ledger } from './ledger.js'
import type { OutboxEntry } from './outbox.js'
import type { ReceiverStatus } from './receiver.js'
import type { Recovery } from './recover.js'
import { deliverAll, deliverEntry, isChain, sendDelta } from './send.js'
import { sendInParts } from './send-parts.js'
import { statusAfterWaiting } from './wait-applied.js'

/** What is done about a receiver, decision by decision, while it is brought to the target. */
export class Actions {
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

  /** What was sent last, or had to be. */
  get operations(): readonly Operation[] {
    return this.#operations
  }

  /** Throws `conflict` where the decision is to halt, and what trying again in this push will not cure. */
  async take(decision: Recovery, attempted: OutboxEntry | null, status: ReceiverStatus): Promise<Next> {
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
        return await deliverEntry(this.#job, this.#ledger, { entry: attempted }, status)
      case 'adopt':
        return this.#fullIsDue ? await this.#sendFull(status) : await this.#adopt(status)
      case 'send':
        return this.#fullIsDue ? await this.#sendFull(status) : await this.#sendChanges(status)
      case 'rebase':
        return this.#fullIsDue ? await this.#sendFull(status) : await this.#rebase(status)
      case 'resync':
        return await this.#resync(attempted, status)
    }
  }

  /** Made for another dialect, it is made anew. */
  async #sendInsteadOf(attempted: OutboxEntry, status: ReceiverStatus): Promise<Next> {
    const settled = await this.#settled(attempted, status)
    return settled === null ? { isDone: false, isStale: true, status } : await this.#sendChanges(settled)
  }

  async #resync(attempted: OutboxEntry | null, status: ReceiverStatus): Promise<Next> {
    const settled = attempted === null ? status : await this.#settled(attempted, status)
    return settled === null ? { isDone: false, isStale: true, status } : await this.#sendFull(settled)
  }

  /** A bundle may still be under way, and never are two (protocol.md §3); null where it moved the number meanwhile. */
  async #settled(attempted: OutboxEntry, status: ReceiverStatus): Promise<ReceiverStatus | null> {
    const { receiver, context } = this.#job
    // Who applies before it answers has ended where it answered.
    const isOver = attempted.isPartlyApplied === true && status.dialect.proof === 'answer'
    if (isOver || status.sequence !== attempted.sequence - 1) return status
    const settled = await statusAfterWaiting(receiver, attempted, context)
    return settled.sequence === status.sequence ? settled : null
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
}
