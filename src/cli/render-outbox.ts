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
  const { sequence, bundleId, createdAt, attemptedAt, bytes, operations, isIntact } = entry
  const sent = attemptedAt === null ? 'not sent yet' : `sent ${formatTime(attemptedAt)}, not confirmed`
  printer.answer(`${styledAnswer('strong', `#${sequence}`)}  ${bundleId.slice(0, 8)}  ${formatTime(createdAt)}`)
  printer.answer(`  ${describeCounts(operations)}, ${formatBytes(bytes)}`)
  printer.answer(`  ${isIntact ? sent : styledAnswer('bad', 'damaged; the next push makes it anew')}`)
}
