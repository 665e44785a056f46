/**
 * The closed list of everything that can go wrong, with the exit code of the command line for each,
 * where the receiver answers over HTTP, the status that carries it, and what to do next where the error itself does not
 * know better.
 */
const ERROR_TABLE = {
  internal: {
    exit: 1,
    http: 500,
    next: 'This is a defect of ce-delta: run it again with --debug, and report what it prints.',
  },
  'after-push-failed': {
    exit: 1,
    http: 500,
    next: 'Its output is above.',
  },
  'git-failed': {
    exit: 1,
    http: 500,
    next: 'Run it again with --debug to see every call of git.',
  },
  'git-missing': {
    exit: 2,
    http: 500,
    next: 'Install git 2.30 or newer and make sure that it is on the PATH.',
  },
  'disk-failed': {
    exit: 1,
    http: 507,
    next: 'Look at the free space and the permissions, then run the command again; nothing was lost.',
  },
  'watch-failed': {
    exit: 1,
    http: 500,
    next: 'Start it: ce-delta watch',
  },
  usage: {
    exit: 2,
    http: 400,
    next: 'Add --help to see what is understood.',
  },
  'configuration-invalid': {
    exit: 2,
    http: 400,
    next: 'ce-delta config print --origins shows which place says what.',
  },
  'receiver-unreachable': {
    exit: 4,
    http: 502,
    next: 'Check the endpoint and the network.',
  },
  'connection-blocked': {
    exit: 4,
    http: 502,
    next: 'Check the proxy and the certificates between here and the receiver.',
  },
  'not-confirmed': {
    exit: 4,
    http: 502,
    next: 'The next attempt asks the receiver what arrived.',
  },
  'receiver-busy': {
    exit: 4,
    http: 503,
    next: 'Nothing was lost; try again later.',
  },
  'bundle-refused': {
    exit: 5,
    http: 400,
    next: 'Nothing was changed. ce-delta push --full sends everything anew.',
  },
  'bundle-too-large': {
    exit: 5,
    http: 413,
    next: 'Nothing was changed. Lower maxFileSize in the configuration, or raise the limit of the receiver.',
  },
  'workspace-unknown': {
    exit: 5,
    http: 404,
    next: 'Check workspacePath in the configuration; ce-delta push makes it known.',
  },
  conflict: {
    exit: 6,
    http: 409,
    next: 'ce-delta status shows both ends; ce-delta push --force overwrites what the other writer left.',
  },
  'answer-malformed': {
    exit: 7,
    http: 502,
    next: 'Check the endpoint: ce-delta doctor looks at what answers there.',
  },
  'proof-failed': {
    exit: 7,
    http: 502,
    next: 'ce-delta verify compares every file; ce-delta verify --repair sends what differs.',
  },
  'redirect-refused': {
    exit: 7,
    http: 502,
    next: 'If the address that it names is the right one, configure it as the endpoint.',
  },
  'objects-missing': {
    exit: 1,
    http: 500,
    next: 'Run the command again. If that does not help, delete .git/ce-delta: the next push makes it anew.',
  },
  'state-of-newer-version': {
    exit: 2,
    http: 500,
    next: 'Install the newer version of ce-delta that wrote it.',
  },
  'not-a-repository': {
    exit: 10,
    http: 400,
    next: 'Run the command in the work tree, or name it with -C.',
  },
  'repository-not-trusted': {
    exit: 10,
    http: 400,
    next: 'If you trust it: git config --global --add safe.directory <its folder>',
  },
  'already-running': {
    exit: 11,
    http: 423,
    next: 'Wait for it to end.',
  },
  'not-authorised': {
    exit: 12,
    http: 401,
    next: 'Give a token: CE_DELTA_TOKEN, or credentials.json in your configuration folder.',
  },
  'guard-stopped': {
    exit: 13,
    http: 400,
    next: 'Nothing was sent. docs/operations.md says how a guard is overridden.',
  },
  interrupted: {
    exit: 130,
    http: 499,
    next: 'Nothing was lost; run it again.',
  },
} as const

export type ErrorCode = keyof typeof ERROR_TABLE

export const ERROR_CODES = Object.keys(ERROR_TABLE).filter(isErrorCode)

export type ErrorFacts = Readonly<Record<string, string | number | boolean | null>>

export interface ErrorDetails {
  /** The values that caused it, for machines; never a credential. */
  readonly facts?: ErrorFacts
  /** What the user can do next, one sentence. Left out, it is what the table has for the code. */
  readonly next?: string
  readonly cause?: unknown
}

/** The one error class: a code, what happened, the facts, and the next step. Tests match on `code`, never on words. */
export class DeltaError extends Error {
  readonly code: ErrorCode
  readonly facts: ErrorFacts
  readonly next: string

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'DeltaError'
    this.code = code
    this.facts = details.facts ?? {}
    this.next = details.next ?? ERROR_TABLE[code].next
  }
}

/** Whether another process, of another version perhaps, speaks of an error that we know. */
export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_TABLE, code)
}

/** What to do next where an error does not know better. */
export function usualNext(code: ErrorCode): string {
  return ERROR_TABLE[code].next
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
