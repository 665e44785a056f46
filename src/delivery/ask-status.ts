import type { SynchroniseJob } from './job.js'
import type { Ledger } from './ledger.js'
import type { Counters, Receiver, ReceiverStatus } from './receiver.js'
import { type DeliveryContext, withRetry } from './retry.js'
import { settledStatus } from './wait-applied.js'

/** The receiver's status, asked patiently. */
export async function askStatus(receiver: Receiver, context: DeliveryContext): Promise<ReceiverStatus> {
  return await withRetry(context.policy, context, async () => await settledStatus(receiver, context))
}

/**
 * A status whose sequence is not the confirmed one may be that of another process behind the same address; then what
 * others say counts (protocol.md §3). Returns the status that is to be believed.
 */
export async function inDoubt(
  { receiver, context }: SynchroniseJob,
  ledger: Ledger,
  status: ReceiverStatus,
): Promise<ReceiverStatus> {
  const expected = ledger.confirmed?.sequence
  if (status.dialect.proof === 'tree' || expected === undefined || status.sequence === expected) return status
  const ask = async (): Promise<Counters> => await receiver.counters(context.signal)
  const { sequences, areSeveral } = await withRetry(context.policy, context, ask)
  if (areSeveral) {
    context.onNotice('Several processes answer at this address, and each counts for itself; their files are the same.')
    const sequence = sequences.includes(expected) ? expected : Math.max(...sequences)
    return { ...status, sequence, hasSeveralCounters: true }
  }
  if (status.sequence > expected) return status
  // It may be another program since it was restarted.
  await receiver.forget()
  return await askStatus(receiver, context)
}
