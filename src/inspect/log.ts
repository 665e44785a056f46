import { deltaOf } from '../delivery/prepare.js'
import type { OperationCounts, TreeId } from '../delta/operation.js'
import { type ReportedOperation, reportedOperations } from '../report/report.js'
import type { Trigger } from '../snapshot/confirmed.js'
import { type HistoryEntry, readHistory } from '../snapshot/history.js'
import { DeltaError } from '../support/errors.js'
import type { View } from './view.js'

/** One confirmed bundle, as the log tells of it. */
export interface LoggedPush {
  readonly event: 'push'
  readonly sequence: number
  /** null where the receiver had the snapshot already, by another way. */
  readonly id: string | null
  readonly confirmed_at: string
  readonly trigger: Trigger | null
  readonly operations: OperationCounts
  readonly bytes: number
  readonly duration_ms: number | null
  /** The snapshots before and after. */
  readonly base: TreeId
  readonly tree: TreeId
}

export interface ShownPush extends Omit<LoggedPush, 'event'> {
  readonly event: 'show'
  readonly plan: readonly ReportedOperation[]
}

/** The confirmed pushes of a workspace to its receiver, newest first. */
export async function readLog({ shadow, receiver }: View, limit?: number): Promise<LoggedPush[]> {
  const entries = await readHistory(shadow, receiver.key, limit === undefined ? {} : { limit })
  return entries.map(loggedPush)
}

/** One confirmed push with its operations, by its sequence or by the beginning of its bundle's id. */
export async function readPush(view: View, name: string): Promise<ShownPush> {
  const entry = await findEntry(view, name)
  const { operations } = await deltaOf(view.shadow, entry.base, entry.tree)
  return { ...loggedPush(entry), event: 'show', plan: reportedOperations(operations) }
}

const SHORTEST_ID = 4

/** Throws `usage` where nothing is called so, or several bundles are. */
export async function findEntry({ shadow, receiver }: View, name: string): Promise<HistoryEntry> {
  const entries = await readHistory(shadow, receiver.key)
  const isSequence = /^#?\d{1,9}$/.test(name)
  const sequence = Number(name.replace('#', ''))
  const bySequence = isSequence ? entries.find((entry) => entry.sequence === sequence) : undefined
  if (bySequence !== undefined) return bySequence
  const byId = name.length < SHORTEST_ID ? [] : entries.filter(({ bundleId }) => bundleId?.startsWith(name))
  const [found, other] = byId
  if (found !== undefined && other === undefined) return found
  const problem = other === undefined ? `The log has no push ${name}.` : `Several bundles begin with ${name}.`
  throw new DeltaError('usage', problem, {
    facts: { name, pushes: entries.length },
    next: 'ce-delta log lists sequences; --json shows the ids of the bundles.',
  })
}

function loggedPush(entry: HistoryEntry): LoggedPush {
  const { sequence, bundleId, confirmedAt, trigger, operations, bytes, durationMs, base, tree } = entry
  return {
    event: 'push',
    sequence,
    id: bundleId,
    confirmed_at: confirmedAt,
    trigger,
    operations,
    bytes,
    duration_ms: durationMs,
    base,
    tree,
  }
}
