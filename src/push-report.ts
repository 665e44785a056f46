import type { LeftBehind } from './delivery/dialects/carry.js'
import { deltaOf } from './delivery/prepare.js'
import type { Receiver } from './delivery/receiver.js'
import type { SynchroniseResult } from './delivery/synchronise.js'
import { countOperations } from './delta/operation.js'
import type { Identity } from './identity.js'
import type { PushRequest } from './push-request.js'
import { type PushReport, reportedError, reportedOperations } from './report/report.js'
import type { ConfirmedRecord } from './snapshot/confirmed.js'
import type { Skipped } from './snapshot/eligibility.js'
import { ignoredFiles, type Snapshot } from './snapshot/scan.js'
import type { Shadow } from './snapshot/shadow.js'
import { EMPTY_TREE } from './support/git.js'

/** What a push would send, and what it would leave out, ignored files included. */
export async function dryRunReport(
  request: PushRequest,
  identity: Identity,
  shadow: Shadow,
  receiver: Receiver,
  snapshot: Snapshot,
  commit: string | null,
  confirmed: ConfirmedRecord | null,
): Promise<PushReport> {
  const { operations } = await deltaOf(
    shadow,
    request.full ? EMPTY_TREE : (confirmed?.tree ?? EMPTY_TREE),
    snapshot.tree,
  )
  const isWorkTree = request.commit === null
  const ignored: Skipped[] = isWorkTree ? await ignoredFiles(shadow, request.config.exclude) : []
  return {
    event: 'report',
    outcome: 'dry-run',
    workspace: identity.workspacePath,
    receiver: receiver.name,
    sequence: confirmed?.sequence ?? null,
    tree: snapshot.tree,
    receiver_tree: null,
    commit,
    operations: countOperations(operations),
    bundles: [],
    skipped: [...snapshot.skipped, ...ignored],
    mirror: null,
    plan: reportedOperations(operations),
    error: null,
    duration_ms: 0,
  }
}

function skippedAtReceiver({ path, why: detail }: LeftBehind): Skipped {
  return { path, reason: 'not possible at this receiver', detail }
}

export function reportOf(
  identity: Identity,
  receiver: Receiver,
  snapshot: Snapshot,
  commit: string | null,
  result: SynchroniseResult,
): PushReport {
  return {
    event: 'report',
    outcome: result.outcome,
    workspace: identity.workspacePath,
    receiver: receiver.name,
    sequence: result.sequence,
    tree: snapshot.tree,
    receiver_tree: result.receiverTree,
    commit,
    operations: result.counts,
    bundles: result.bundles.map(({ bundleId, sequence, bytes }) => ({ id: bundleId, sequence, bytes })),
    skipped: [...snapshot.skipped, ...result.leftBehind.map(skippedAtReceiver)],
    mirror: result.mirror,
    error: result.error === null ? null : reportedError(result.error),
    duration_ms: 0,
  }
}
