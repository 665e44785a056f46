import { askStatus } from './delivery/ask-status.js'
import type { SynchroniseContext } from './delivery/job.js'
import type { Receiver, ReceiverStatus } from './delivery/receiver.js'
import { type Identity, receiverFor } from './identity.js'
import type { PushRequest } from './push-request.js'
import { type ConfirmedRecord, readConfirmed } from './snapshot/confirmed.js'
import type { Shadow } from './snapshot/shadow.js'
import { traceStep } from './support/trace.js'

/** What is known of the receiver, there and here. */
export interface Inquiry {
  readonly reached: Promise<Receiver>
  /** null: a push that sends nothing does not ask. */
  readonly asked: Promise<ReceiverStatus> | null
  readonly recorded: Promise<ConfirmedRecord | null>
}

/** Begins to ask. Whoever wants an answer awaits it; until then a failure waits as well. */
export function inquire(
  request: PushRequest,
  identity: Identity,
  shadow: Shadow,
  context: SynchroniseContext,
): Inquiry {
  const reached = receiverFor(request.config, identity)
  const asked = request.dryRun ? null : traceStep('ask the receiver', async () => askStatus(await reached, context))
  const recorded = reached.then((receiver) => readConfirmed(shadow, receiver.key))
  for (const answer of [reached, asked, recorded]) answer?.catch(() => undefined)
  return { reached, asked, recorded }
}
