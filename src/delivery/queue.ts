import type { Operation } from '../delta/operation.js'
import { EMPTY_TREE } from '../support/git.js'
import { changesSince } from './changes.js'
import type { SynchroniseJob } from './job.js'
import type { Ledger } from './ledger.js'
import { isChain, packDelta } from './send.js'

/**
 * Writes what would have been sent into the outbox, where the next push finds it, behind what was attempted. Returns its
 * operations; null where it waits there already.
 */
export async function queueChanges(job: SynchroniseJob, ledger: Ledger): Promise<readonly Operation[] | null> {
  const { outbox, target, context } = job
  const entries = await outbox.list()
  const attempted = entries.filter(({ attemptedAt }) => attemptedAt !== null)
  const tail = attempted.at(-1)
  const from = tail?.target ?? ledger.confirmed?.tree ?? EMPTY_TREE
  const sequence = tail?.sequence ?? ledger.confirmed?.sequence ?? 0
  const waiting = entries.slice(attempted.length)
  if (isChain(waiting, from, sequence, target)) return null
  for (const entry of waiting) await outbox.remove(entry)
  const delta = await changesSince(job, from)
  if (delta === null) return []
  const history = await ledger.commitsToTell()
  const position = (tail?.position ?? 0) + 1
  const place = { sequence, position, movesCarryContent: true, maxBundleBytes: null, history }
  for await (const entry of packDelta(job, delta, place)) context.onBundle(entry)
  return delta.operations
}
