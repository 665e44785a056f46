import type { Login } from '../config/credentials.js'
import type { Verdict } from '../delivery/http-login.js'
import type { StatusReport } from '../status.js'
import { formatTime, printable } from '../support/text.js'

/** Who is known to the receiver, in words. */
export function describeLogin({ kind, user, source, expires_at }: Login): string {
  if (kind === 'token') return `a token (${source})`
  const who = user === null ? 'a session' : printable(user)
  if (expires_at === null) return `${who} (${source})`
  const time = formatTime(expires_at)
  const isOver = Date.parse(expires_at) < Date.now()
  return `${who} (${source}; ${isOver ? `expired ${time}, unless the server prolonged it` : `until ${time} at least`})`
}

/** What a server says of a credential, in words. */
export const VERDICTS: Readonly<Record<Verdict, string>> = {
  accepted: 'the server accepts it',
  unknown: 'the server does not know it, or not any more: ce-delta login',
  'may not write': 'the server knows it, but it may not write to this collection: ask its administrator',
  'not needed': 'the server asks for no login',
  'not told': 'whether the server accepts it shows when something is pushed',
}

/** At this server another folder of the same name is the same workspace (protocol.md §3). */
export function isAmbiguous({ there, is_pinned }: StatusReport): boolean {
  return there.identified_by === 'name' && !is_pinned
}

export const AMBIGUOUS = 'at this server another folder of the same name would be the same workspace'
