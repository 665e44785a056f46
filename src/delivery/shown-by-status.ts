import { askStatus } from './ask-status.js'
import type { Receiver } from './receiver.js'
import type { DeliveryContext } from './retry.js'

/** So often is a status asked that does not show what an answer said; with growing pauses, it takes about a second. */
const LOOKS = 6
const FIRST_PAUSE = 40

/**
 * Whether the status shows the number of a bundle, or a later one. What was answered is not believed alone: a server may
 * be lost, or put back, between its answer and anything that lasts (faults.md 0.1). Throws what asking throws.
 */
export async function isShownByStatus(
  receiver: Receiver,
  sequence: number,
  context: DeliveryContext,
): Promise<boolean> {
  for (let look = 1; look <= LOOKS; look++) {
    if ((await askStatus(receiver, context)).sequence >= sequence) return true
    if (look < LOOKS) await context.sleep(FIRST_PAUSE * 2 ** (look - 1), context.signal)
  }
  return false
}
