import type { Delta } from '../delta/operation.js'
import { blobSizes } from '../support/git-objects.js'
import { carry } from './dialects/carry.js'
import { foldersInResync } from './dialects/folders-aside.js'
import { ownNamesOf } from './dialects/workspace-names.js'
import type { Next, SynchroniseJob } from './job.js'
import { whatIsSent } from './lacking.js'
import type { Ledger } from './ledger.js'
import { PartSender } from './part-sender.js'
import { Parts } from './parts.js'
import { oldFolders } from './prepare.js'
import type { ReceiverStatus } from './receiver.js'

/**
 * Sends a delta part by part: to a server that is not ours, or where a bundle was too large. Never are two bundles under
 * way: the next one follows when the status shows that the last one was applied, in the wire profile of the dialect, and
 * in sizes that keep the server fast. What does not get through is cut down to the one file that is the matter; that is
 * left behind, by name, and the rest goes on. Throws what cannot be got over.
 */
export async function sendInParts(
  job: SynchroniseJob,
  ledger: Ledger,
  delta: Delta,
  status: ReceiverStatus,
  /** Everything is sent, so that what is uncertain about earlier bundles is over when the first part is confirmed. */
  isResync: boolean,
): Promise<Next> {
  const { shadow, options: settings } = job
  const folders = await oldFolders(shadow, status.dialect, ledger.confirmed?.commit ?? null)
  const hasFolder = isResync ? foldersInResync(status.dialect, folders) : folders.stands
  const sent = await whatIsSent(job, delta, isResync)
  const place = { ownNames: ownNamesOf(settings.workspacePath), hasFolder }
  const isOwn = status.dialect.proof === 'tree'
  const { operations, leftBehind } = isOwn
    ? { operations: sent.delta.operations, leftBehind: [] }
    : carry(sent.delta.operations, status.dialect, place)
  const blobs = operations.flatMap((operation) => (operation.kind === 'deleted' ? [] : [operation.blob]))
  const sizes = await blobSizes(shadow.repository, blobs)
  const parts = new Parts(operations, (operation) =>
    operation.kind === 'deleted' ? 0 : (sizes.get(operation.blob) ?? 0),
  )
  const task = { base: sent.delta.base, isForced: sent.isForced, isResync, folders, parts }
  return await new PartSender(job, ledger, task, status).run(leftBehind)
}
