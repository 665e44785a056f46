import { DeltaError } from '../support/errors.js'
import { changesSinceListing } from './changes.js'
import type { SynchroniseJob } from './job.js'
import type { Ledger } from './ledger.js'
import type { OutboxEntry } from './outbox.js'
import type { ReceiverStatus } from './receiver.js'

/**
 * Records that the receiver applied what was attempted. Where a power loss took the tree that was sent, what the receiver
 * lists is recorded instead; returns false where it cannot list, so that nothing is known.
 */
export async function confirmAttempted(
  job: SynchroniseJob,
  ledger: Ledger,
  attempted: OutboxEntry,
  status: ReceiverStatus,
): Promise<boolean> {
  try {
    await ledger.confirmUpTo(attempted, status)
    return true
  } catch (thrown) {
    if (!(thrown instanceof DeltaError) || thrown.code !== 'objects-missing') throw thrown
  }
  if (!status.canListTree) return false
  const { base } = await changesSinceListing(job)
  await ledger.move(base, status.sequence)
  for (const entry of await job.outbox.list()) if (entry.position <= attempted.position) await job.outbox.remove(entry)
  return true
}
