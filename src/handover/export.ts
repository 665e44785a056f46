import { copyFile, readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Outbox, type OutboxEntry } from '../delivery/outbox.js'
import type { View } from '../inspect/view.js'
import { outboxOf, takePushLock } from '../preparation.js'
import { makePrivateDirectory, writeFileDurably } from '../support/durable-files.js'
import { DeltaError } from '../support/errors.js'
import { writeHandover } from './handover.js'

/**
 * Copies what waits into a folder, for another machine to deliver. The folder is an outbox itself, with a file that says
 * which workspace it is of, and checksums. From then on the bundles here count as sent: the next push asks the receiver
 * how far they came. The description is written last, so a folder without it was only half made.
 */
export async function exportOutbox(view: View, folder: string): Promise<OutboxEntry[]> {
  await makePrivateDirectory(folder)
  await refuseFilled(folder)
  const lock = await takePushLock(view.shadow)
  try {
    const outbox = outboxOf(view.shadow, view.receiver)
    const entries = await outbox.list()
    if (entries.length === 0) throw nothingWaits()
    const exportedAt = new Date().toISOString()
    const copies = new Outbox(folder)
    for (const entry of entries) await exportEntry(outbox, copies, entry, exportedAt)
    const sums = entries.map(
      (entry) => `${entry.digest.replace('sha256:', '')}  ${basename(copies.bundlePath(entry))}\n`,
    )
    await writeFileDurably(join(folder, 'SHA256SUMS'), sums.join(''))
    const about = { version: 1, ...view.identity, receiver: view.receiver.name } as const
    await writeHandover(folder, { ...about, exportedAt, bundles: entries.length })
    return entries
  } finally {
    await lock.release()
  }
}

/** Marked here before it exists there: once it is elsewhere, the receiver may get it at any time. */
async function exportEntry(outbox: Outbox, copies: Outbox, entry: OutboxEntry, exportedAt: string): Promise<void> {
  if (!(await outbox.isIntact(entry))) throw damaged(entry)
  const attempted = { ...entry, attemptedAt: entry.attemptedAt ?? exportedAt }
  await outbox.put(attempted)
  await copyFile(outbox.bundlePath(entry), copies.bundlePath(entry))
  await copies.put(attempted)
}

async function refuseFilled(folder: string): Promise<void> {
  if ((await readdir(folder)).length === 0) return
  throw new DeltaError('usage', `${folder} is not empty.`, {
    facts: { folder },
    next: 'Name a new or an empty folder.',
  })
}

function nothingWaits(): DeltaError {
  return new DeltaError('usage', 'The outbox is empty; there is nothing to export.', {
    next: 'A push that cannot reach its receiver fills it.',
  })
}

function damaged({ sequence, bundleId }: OutboxEntry): DeltaError {
  return new DeltaError('disk-failed', `Bundle ${sequence} in the outbox is damaged.`, {
    facts: { sequence, bundle_id: bundleId },
    next: 'ce-delta push makes it anew.',
  })
}
