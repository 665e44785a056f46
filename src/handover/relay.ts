import { askStatus } from '../delivery/ask-status.js'
import { deliver, type Sender } from '../delivery/deliver.js'
import { Outbox, type OutboxEntry } from '../delivery/outbox.js'
import type { Receiver, ReceiverStatus } from '../delivery/receiver.js'
import { isApplied } from '../delivery/recover.js'
import type { DeliveryContext } from '../delivery/retry.js'
import type { TreeId } from '../delta/operation.js'
import { DeltaError } from '../support/errors.js'
import type { Handover } from './handover.js'

export interface RelayJob {
  readonly folder: string
  readonly handover: Handover
  readonly receiver: Receiver
  readonly context: DeliveryContext
  readonly onRelayed: (entry: OutboxEntry, tree: TreeId | null) => void
}

export interface RelayResult {
  readonly relayed: number
  /** Applied before, by an earlier run or from elsewhere. */
  readonly skipped: number
  readonly sequence: number
}

/**
 * Delivers an exported folder, in order. Every checksum is compared before anything is sent, and the receiver says where
 * to go on, so it can be stopped and started again at any time; the folder itself is not changed.
 */
export async function relay(job: RelayJob): Promise<RelayResult> {
  const { receiver, context } = job
  const outbox = new Outbox(job.folder)
  const entries = await completeEntries(outbox, job)
  const status = await askStatus(receiver, context)
  const skipped = 1 + entries.findLastIndex((entry) => isThere(entry, status))
  const rest = entries.slice(skipped)
  const [next] = rest
  if (next !== undefined && next.sequence !== status.sequence + 1) throw doesNotFollow(next, status)
  for (const entry of rest) {
    const { result } = await deliver({ receiver, outbox: untouched(outbox), context }, entry, status)
    if (result.kind !== 'applied') throw notApplied(entry, result.kind)
    if (result.tree !== null && result.tree !== entry.target) throw notApplied(entry, 'tree mismatch')
    job.onRelayed(entry, result.tree)
  }
  return { relayed: rest.length, skipped, sequence: rest.at(-1)?.sequence ?? status.sequence }
}

/** Whoever delivers notes what became of a bundle; here that is derived from the receiver each time. */
function untouched(outbox: Outbox): Sender['outbox'] {
  return { bundlePath: (entry) => outbox.bundlePath(entry), put: async () => undefined }
}

/** A receiver that names neither bundles nor trees can only be believed its number. */
function isThere(entry: OutboxEntry, status: ReceiverStatus): boolean {
  if (status.lastBundleId === null && status.tree === null) return entry.sequence === status.sequence
  return isApplied(entry, status)
}

async function completeEntries(outbox: Outbox, { folder, handover }: RelayJob): Promise<OutboxEntry[]> {
  const entries = await outbox.list()
  if (entries.length !== handover.bundles) {
    throw new DeltaError('bundle-refused', `The export has ${entries.length} of its ${handover.bundles} bundles.`, {
      facts: { folder, found: entries.length, announced: handover.bundles },
      next: 'Copy the whole folder again.',
    })
  }
  for (const entry of entries) if (!(await outbox.isIntact(entry))) throw damaged(outbox, entry)
  return entries
}

function damaged(outbox: Outbox, entry: OutboxEntry): DeltaError {
  return new DeltaError('bundle-refused', `Bundle ${entry.sequence} was damaged on the way; nothing was sent.`, {
    facts: { file: outbox.bundlePath(entry), sequence: entry.sequence, announced: entry.digest },
    next: 'Copy the folder again.',
  })
}

function doesNotFollow(next: OutboxEntry, { sequence }: ReceiverStatus): DeltaError {
  return new DeltaError(
    'conflict',
    `The receiver is at sequence ${sequence}, and the export goes on with ${next.sequence}.`,
    {
      facts: { receiver_sequence: sequence, next_sequence: next.sequence },
      next: 'Relay the exports that were made before this one, or make a new one.',
    },
  )
}

function notApplied({ sequence, bundleId }: OutboxEntry, answer: string): DeltaError {
  return new DeltaError('conflict', `The receiver did not take bundle ${sequence}: ${answer}.`, {
    facts: { sequence, bundle_id: bundleId, answer },
    next: 'Somebody else writes to this workspace; push from the machine that made the export.',
  })
}
