import type { ReceiverStatus } from '../../delivery/receiver.js'
import type { ConfirmedRecord } from '../../snapshot/confirmed.js'

/** What the delta is made from, in the order of preference. */
export type BaseKind = 'state' | 'receiver' | 'commit' | 'nothing'

export interface BaseChoice {
  readonly kind: BaseKind
  /** One sentence for people. */
  readonly reason: string
  /** The record here is not what the receiver has. Here it is a hint only, and the receiver decides. */
  readonly isStateStale: boolean
}

export interface BaseFacts {
  readonly confirmed: Pick<ConfirmedRecord, 'tree' | 'sequence'> | null
  readonly receiver: Pick<ReceiverStatus, 'sequence' | 'tree' | 'canListTree'>
  /** The commit that the user says the receiver holds, and whether it is in this clone. */
  readonly said: { readonly commit: string; readonly isHere: boolean } | null
  readonly full: boolean
}

/** Pure. What it chooses is what `recover` will do: the record, else what the receiver says, else what the user says. */
export function chooseBase({ confirmed, receiver, said, full }: BaseFacts): BaseChoice {
  const { sequence } = receiver
  const isInStep = confirmed?.sequence === sequence && (receiver.tree === null || receiver.tree === confirmed.tree)
  const isStateStale = confirmed !== null && !isInStep
  const choice = (kind: BaseKind, reason: string): BaseChoice => ({ kind, reason, isStateStale })
  if (full) return choice('nothing', 'A full push was asked for.')
  if (isInStep) return choice('state', `The restored state is what the receiver has: sequence ${sequence}.`)
  if (sequence === 0 && !isStateStale) return choice('nothing', 'The receiver has nothing yet: this is the first push.')
  const state = confirmed === null ? 'no state was restored' : `the restored state is of sequence ${confirmed.sequence}`
  if (receiver.canListTree)
    return choice('receiver', `The receiver is at sequence ${sequence}, and ${state}: it listed what it has.`)
  const why = `The receiver is at sequence ${sequence} and cannot list what it has, and ${state}`
  if (said === null) return choice('nothing', `${why}; no base was named.`)
  if (!said.isHere) return choice('nothing', `${why}; the base ${said.commit} is not in this clone.`)
  return choice('commit', `${why}: the base ${said.commit} was named.`)
}
