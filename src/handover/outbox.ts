import type { OutboxEntry } from '../delivery/outbox.js'
import type { View } from '../inspect/view.js'
import { outboxOf, takePushLock } from '../preparation.js'
import { DeltaError } from '../support/errors.js'

/** A bundle that waits, with the place of its file. */
export interface WaitingBundle extends OutboxEntry {
  readonly file: string
  /** Whether the file is still what was written; a damaged one is made anew by the next push. */
  readonly isIntact: boolean
}

/** What waits for the receiver of a workspace, in the order in which it will be sent. */
export async function readOutbox({ shadow, receiver }: View): Promise<WaitingBundle[]> {
  const outbox = outboxOf(shadow, receiver)
  const entries = await outbox.list()
  return await Promise.all(
    entries.map(async (entry) => ({
      ...entry,
      file: outbox.bundlePath(entry),
      isIntact: await outbox.isIntact(entry),
    })),
  )
}

/** A waiting bundle by its sequence, or by the beginning of its id. Throws `usage`. */
export function findWaiting<Entry extends OutboxEntry>(entries: readonly Entry[], name: string): Entry {
  const sequence = Number(name.replace('#', ''))
  const found =
    entries.find((entry) => entry.sequence === sequence) ??
    entries.find(({ bundleId }) => name.length >= 4 && bundleId.startsWith(name))
  if (found !== undefined) return found
  throw new DeltaError('usage', `The outbox has no bundle ${name}.`, {
    facts: { name, bundles: entries.length },
    next: 'ce-delta outbox list shows what waits.',
  })
}

/**
 * Removes a waiting bundle and all that follow it, because they build on it; without a name, all. Nothing is lost: the
 * next push makes their changes again. Throws `guard-stopped` where one was sent already, unless forced.
 */
export async function dropWaiting(view: View, name: string | undefined, force: boolean): Promise<OutboxEntry[]> {
  const lock = await takePushLock(view.shadow)
  try {
    const outbox = outboxOf(view.shadow, view.receiver)
    const entries = await outbox.list()
    const first = name === undefined ? 0 : entries.indexOf(findWaiting(entries, name))
    const dropped = entries.slice(first)
    if (!force) refuseAttempted(dropped)
    // The last first, so that what is left is a chain whenever we are stopped.
    for (const entry of dropped.toReversed()) await outbox.remove(entry)
    return dropped
  } finally {
    await lock.release()
  }
}

function refuseAttempted(entries: readonly OutboxEntry[]): void {
  const attempted = entries.filter(({ attemptedAt }) => attemptedAt !== null)
  if (attempted.length === 0) return
  const what = `${attempted.length} of these bundles may have been applied: sent or exported, but not confirmed.`
  throw new DeltaError('guard-stopped', what, {
    facts: { attempted: attempted.length },
    next: 'ce-delta outbox retry asks the receiver; --force drops them all the same.',
  })
}
