import type { OutboxEntry } from '../delivery/outbox.js'
import type { WaitingBundle } from '../handover/outbox.js'
import { formatBytes, formatTime } from '../support/text.js'
import { type Printer, styledAnswer } from './print.js'
import { describeCounts } from './render.js'

/** The event of a bundle in the outbox. */
export function waitingFacts(entry: OutboxEntry | WaitingBundle) {
  const { bundleId: id, sequence, createdAt: created_at, attemptedAt: attempted_at, bytes, digest, operations } = entry
  const file = 'file' in entry ? { file: entry.file, intact: entry.isIntact } : {}
  return { id, sequence, created_at, attempted_at, bytes, digest, operations, ...file }
}

export function renderWaiting(printer: Printer, entry: WaitingBundle): void {
  const { sequence, bundleId, createdAt, bytes, operations, isIntact } = entry
  printer.answer(`${styledAnswer('strong', `#${sequence}`)}  ${bundleId.slice(0, 8)}  ${formatTime(createdAt)}`)
  printer.answer(`  ${describeCounts(operations)}, ${formatBytes(bytes)}`)
  printer.answer(`  ${isIntact ? fateOf(entry) : styledAnswer('bad', 'damaged; the next push makes it anew')}`)
}

function fateOf({ attemptedAt, refusedAt }: OutboxEntry): string {
  if (attemptedAt !== null) return `sent ${formatTime(attemptedAt)}, not confirmed`
  return refusedAt === undefined ? 'not sent yet' : `refused ${formatTime(refusedAt)}, without an effect`
}
