/**
 * The closed list of everything that can go wrong, with the exit code of the command line for each (design.md §5)
 * and, where the receiver answers over HTTP, the status that carries it. Words for people are in the error itself.
 */
const ERROR_TABLE = {
  internal: { exit: 1, http: 500 },
  'after-push-failed': { exit: 1, http: 500 },
  'git-failed': { exit: 1, http: 500 },
  'git-missing': { exit: 2, http: 500 },
  'disk-failed': { exit: 1, http: 507 },
  'watch-failed': { exit: 1, http: 500 },
  usage: { exit: 2, http: 400 },
  'configuration-invalid': { exit: 2, http: 400 },
  'receiver-unreachable': { exit: 4, http: 502 },
  'connection-blocked': { exit: 4, http: 502 },
  'not-confirmed': { exit: 4, http: 502 },
  'receiver-busy': { exit: 4, http: 503 },
  'bundle-refused': { exit: 5, http: 400 },
  'bundle-too-large': { exit: 5, http: 413 },
  'workspace-unknown': { exit: 5, http: 404 },
  conflict: { exit: 6, http: 409 },
  'answer-malformed': { exit: 7, http: 502 },
  'proof-failed': { exit: 7, http: 502 },
  'redirect-refused': { exit: 7, http: 502 },
  'objects-missing': { exit: 1, http: 500 },
  'state-of-newer-version': { exit: 2, http: 500 },
  'not-a-repository': { exit: 10, http: 400 },
  'repository-not-trusted': { exit: 10, http: 400 },
  'already-running': { exit: 11, http: 423 },
  'not-authorised': { exit: 12, http: 401 },
  'guard-stopped': { exit: 13, http: 400 },
  interrupted: { exit: 130, http: 499 },
} as const

export type ErrorCode = keyof typeof ERROR_TABLE

export type ErrorFacts = Readonly<Record<string, string | number | boolean | null>>

export interface ErrorDetails {
  /** The values that caused it, for machines; never a credential. */
  readonly facts?: ErrorFacts
  /** What the user can do next, one sentence. */
  readonly next?: string
  readonly cause?: unknown
}

/** The one error class: a code, what happened, the facts, and the next step. Tests match on `code`, never on words. */
export class DeltaError extends Error {
  readonly code: ErrorCode
  readonly facts: ErrorFacts
  readonly next: string | undefined

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'DeltaError'
    this.code = code
    this.facts = details.facts ?? {}
    this.next = details.next
  }
}

/** Whether another process, of another version perhaps, speaks of an error that we know. */
export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_TABLE, code)
}

export function exitCodeOf(code: ErrorCode): number {
  return ERROR_TABLE[code].exit
}

export function httpStatusOf(code: ErrorCode): number {
  return ERROR_TABLE[code].http
}

/** Anything thrown, as a DeltaError; what we did not foresee becomes `internal` and keeps its cause. */
export function asDeltaError(thrown: unknown): DeltaError {
  if (thrown instanceof DeltaError) return thrown
  const code = systemErrorCode(thrown)
  const message = textField(thrown, 'message') ?? String(thrown)
  if (code === 'ABORT_ERR' || textField(thrown, 'name') === 'AbortError') {
    return new DeltaError('interrupted', 'Interrupted.', { cause: thrown })
  }
  if (code !== undefined && DISK_ERRORS.has(code)) {
    return new DeltaError('disk-failed', message, {
      facts: { system_code: code },
      next: 'Free some space or correct the permissions, then run the command again; nothing was lost.',
      cause: thrown,
    })
  }
  return new DeltaError('internal', message, { cause: thrown })
}

const DISK_ERRORS = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'EROFS', 'EACCES', 'EPERM', 'EIO', 'EMFILE', 'ENFILE'])

/** The `code` of a Node system error (`ENOENT`, …), or undefined. */
export function systemErrorCode(thrown: unknown): string | undefined {
  return textField(thrown, 'code')
}

function textField(thrown: unknown, name: 'code' | 'message' | 'name'): string | undefined {
  const value: unknown = typeof thrown === 'object' && thrown !== null ? Reflect.get(thrown, name) : undefined
  return typeof value === 'string' ? value : undefined
}
