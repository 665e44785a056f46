import { DeltaError } from '../support/errors.js'
import { stackOf } from '../support/trace.js'
import type { Receiver } from './receiver.js'

/** Shorter ones would be found everywhere. */
const SHORTEST = 6

/** A text in which these secrets are not shown: a server may repeat what it was sent (faults.md row 99). */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  return secrets
    .filter(({ length }) => length >= SHORTEST)
    .reduce((shown, secret) => shown.replaceAll(secret, '***'), text)
}

/** The same failure, or, where it shows a secret anywhere, one that does not; the log has its stack too. */
export function withoutSecrets(thrown: unknown, secrets: readonly string[]): unknown {
  if (!(thrown instanceof DeltaError)) return thrown
  const hide = (text: string): string => hideSecrets(text, secrets)
  const { code, message, facts, next, cause } = thrown
  const all = [message, next, stackOf(thrown), JSON.stringify(facts)]
  if (all.every((text) => hide(text) === text)) return thrown
  const hidden = new DeltaError(code, hide(message), {
    facts: Object.fromEntries(
      Object.entries(facts).map(([name, fact]) => [name, typeof fact === 'string' ? hide(fact) : fact]),
    ),
    next: hide(next),
    ...(cause instanceof Error && hide(stackOf(cause)) === stackOf(cause) ? { cause } : {}),
  })
  hidden.stack = hide(thrown.stack ?? hidden.message)
  return hidden
}

/** A receiver whose failures, and the words of its status, never show these secrets. */
export function hidingSecrets(receiver: Receiver, secrets: readonly string[]): Receiver {
  if (secrets.length === 0) return receiver
  const hiding = async <Value>(asked: Promise<Value>): Promise<Value> => {
    try {
      return await asked
    } catch (thrown) {
      throw withoutSecrets(thrown, secrets)
    }
  }
  return {
    name: receiver.name,
    key: receiver.key,
    async status(signal) {
      const status = await hiding(receiver.status(signal))
      const { lastUploadState: last } = status
      if (last?.error == null) return status
      return { ...status, lastUploadState: { ...last, error: hideSecrets(last.error, secrets) } }
    },
    upload: (upload, signal) => hiding(receiver.upload(upload, signal)),
    listTree: (signal) => hiding(receiver.listTree(signal)),
    lacking: (files, signal) => hiding(receiver.lacking(files, signal)),
    counters: (signal) => hiding(receiver.counters(signal)),
    forget: () => receiver.forget(),
  }
}
