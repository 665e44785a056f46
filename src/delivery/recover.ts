import type { TreeId } from '../delta/operation.js'
import { EMPTY_TREE } from '../support/git.js'
import type { OutboxEntry } from './outbox.js'
import type { ReceiverStatus } from './receiver.js'

type AttemptedBundle = Pick<OutboxEntry, 'bundleId' | 'sequence' | 'base' | 'target' | 'isAcknowledged'>

interface ConfirmedState {
  readonly tree: TreeId
  readonly sequence: number
  readonly bundleId?: string | null
}

export interface RecoverInput {
  readonly confirmed: ConfirmedState | null
  /** A bundle that was sent without its answer having arrived. */
  readonly attempted: AttemptedBundle | null
  readonly receiver: Pick<ReceiverStatus, 'sequence' | 'tree' | 'lastBundleId' | 'canListTree' | 'hasSeveralCounters'>
  /** The snapshot that the receiver shall have in the end. */
  readonly target: TreeId
  /** Overwrite what another writer left. */
  readonly force: boolean
  readonly recovery: RecoveryMode
  /** The highest number of an earlier bundle that may have been carried out in part; null where there is none. */
  readonly doubtfulUpTo: number | null
}

/**
 * What is done where a server lost its place and cannot tell what it holds. `resync`: everything is written again, which
 * is always right. `compare`: only what the server says it lacks, where it can be asked that. `trust`: its files are
 * believed to be what they were, and nobody else to write.
 */
export const RECOVERY_MODES = ['resync', 'compare', 'trust'] as const
export type RecoveryMode = (typeof RECOVERY_MODES)[number]

/** What to do, given what both ends know. `why` is one line for people where something was not as expected. */
export type Recovery =
  /** The receiver has what it shall have: record it. */
  | { readonly kind: 'adopt'; readonly why: string | null }
  /** The attempted bundle was applied; its answer was lost. */
  | { readonly kind: 'confirm attempted'; readonly why: string }
  /** The attempted bundle was not applied: the same bytes again. */
  | { readonly kind: 'resend attempted' }
  /** In step: send what changed since the confirmed snapshot. */
  | { readonly kind: 'send'; readonly why?: string }
  /** Compare with what the receiver lists, and send what differs. */
  | { readonly kind: 'rebase'; readonly why: string }
  /** It cannot list what it has: send everything, with deletions for every path ever confirmed. */
  | { readonly kind: 'resync'; readonly why: string }
  | { readonly kind: 'halt'; readonly why: string }

/**
 * The decision table (faults.md §3.2): on doubt the receiver was asked, and this is what its answer means. Pure.
 * Nothing is forced that was not asked for, and what the receiver holds is never guessed.
 */
export function recover(input: RecoverInput): Recovery {
  const { attempted, receiver, target } = input
  if (input.doubtfulUpTo !== null && receiver.tree === null && !isPassed(input, input.doubtfulUpTo))
    return compare(input, 'An earlier bundle may have been applied only in part.')
  if (attempted !== null && isApplied(attempted, receiver)) {
    if (receiver.tree === null || receiver.tree === attempted.target)
      return { kind: 'confirm attempted', why: 'An earlier bundle had been applied although its answer was lost.' }
    return compare(input, 'An earlier bundle was applied, but the receiver holds something else than it leads to.')
  }
  // A bundle that is still under way can do nothing any more where its number is taken.
  const isSettled = attempted === null || receiver.sequence >= attempted.sequence
  if (receiver.tree === target && isSettled) return { kind: 'adopt', why: null }
  return input.confirmed === null ? firstContact(input) : laterContact(input, input.confirmed)
}

/** Whether another writer's number stands above all that may be ours. Where several processes count, none can be told. */
function isPassed({ receiver, confirmed, force }: RecoverInput, doubtfulUpTo: number): boolean {
  if (force || confirmed === null || receiver.hasSeveralCounters) return false
  return receiver.sequence > Math.max(doubtfulUpTo, confirmed.sequence)
}

/**
 * Whether the receiver shows that a bundle was applied, and was the last: by its name, by its tree, or, where it
 * acknowledged it before, by its number.
 */
export function isApplied(
  bundle: Omit<AttemptedBundle, 'base'>,
  receiver: Pick<ReceiverStatus, 'sequence' | 'tree' | 'lastBundleId'>,
): boolean {
  if (receiver.lastBundleId !== null) return receiver.lastBundleId === bundle.bundleId
  if (receiver.tree === null) return bundle.isAcknowledged === true && receiver.sequence === bundle.sequence
  return receiver.tree === bundle.target && receiver.sequence >= bundle.sequence
}

function firstContact(input: RecoverInput): Recovery {
  const { sequence, tree } = input.receiver
  if (sequence === 0 && (tree === null || tree === EMPTY_TREE)) return inStep(input)
  return compare(input, `The receiver is at sequence ${sequence}, and nothing is recorded about it here.`)
}

function laterContact(input: RecoverInput, confirmed: ConfirmedState): Recovery {
  const { receiver, attempted } = input
  const isTrusted = input.recovery === 'trust' && receiver.tree === null
  if (receiver.sequence < confirmed.sequence && isTrusted) {
    const why = `The receiver went back from sequence ${confirmed.sequence} to ${receiver.sequence}; its files are believed to be there, as configured.`
    return { kind: 'send', why }
  }
  if (receiver.sequence < confirmed.sequence) {
    return compare(
      input,
      `The receiver went back from sequence ${confirmed.sequence} to ${receiver.sequence}; it lost something.`,
    )
  }
  if (receiver.sequence === confirmed.sequence) {
    if (receiver.tree === null || receiver.tree === confirmed.tree) return inStep(input)
    return compare(input, 'The receiver holds something else than what was confirmed.')
  }
  // A server that still names the bundle before says nothing of the one that moved its number.
  const isUnnamed = receiver.lastBundleId === null || receiver.lastBundleId === confirmed.bundleId
  if (attempted !== null && isUnnamed && receiver.sequence === attempted.sequence) {
    if (isTrusted)
      return { kind: 'confirm attempted', why: 'An earlier bundle is believed to be applied, as configured.' }
    return compare(input, 'It is unknown whether an earlier bundle or another writer’s was applied.')
  }
  const why = `Another writer brought the receiver to sequence ${receiver.sequence}; the last one from here was ${confirmed.sequence}.`
  return input.force ? compare(input, why) : { kind: 'halt', why }
}

/** An attempted bundle that does not follow on what the receiver has was made for another state, and is made anew. */
function inStep({ attempted, receiver }: RecoverInput): Recovery {
  if (attempted === null || attempted.sequence !== receiver.sequence + 1) return { kind: 'send' }
  const isForThis = receiver.tree === null || receiver.tree === attempted.base
  return { kind: isForThis ? 'resend attempted' : 'send' }
}

/** One line says what happened and what is done about it. */
function compare({ receiver: { canListTree } }: RecoverInput, why: string): Recovery {
  if (canListTree) return { kind: 'rebase', why }
  return { kind: 'resync', why: `${why} It cannot tell what it holds, so everything is sent again.` }
}
