import type { Login } from '../config/credentials.js'
import type { StatusReport } from '../status.js'
import { formatTime, printable } from '../support/text.js'

/** Who is known to the receiver, in words. */
export function describeLogin({ kind, user, source, expires_at }: Login): string {
  if (kind === 'token') return `a token (${source})`
  const who = user === null ? 'a session' : printable(user)
  if (expires_at === null) return `${who} (${source})`
  const verb = Date.parse(expires_at) < Date.now() ? 'expired' : 'expires'
  return `${who} (${source}; ${verb} ${formatTime(expires_at)}, unless the server prolonged it)`
}

/** At this server another folder of the same name is the same workspace (protocol.md §3). */
export function isAmbiguous({ there, is_pinned }: StatusReport): boolean {
  return there.identified_by === 'name' && !is_pinned
}

export const AMBIGUOUS = 'at this server another folder of the same name would be the same workspace'
