import { realpath } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { isLoopback } from '../receiver/authorisation.js'
import { makePrivateDirectory, readTextIfPresent, writeFileDurably } from '../support/durable-files.js'
import { DeltaError, systemErrorCode } from '../support/errors.js'
import { asFields, parseJson } from '../support/json.js'
import { takeLock } from '../support/lock.js'
import type { LockHolder } from '../support/lock-holder.js'

/** A login at a server: what its `session` field carries. */
export interface Session {
  readonly id: string
  /** Where it was found, for people: a variable or a file. */
  readonly source: string
  /** Who is logged in; null where that is not written down. */
  readonly userId: string | null
  /** Seconds since 1970; null: never. A server may have prolonged it and told nobody, so it is only a hint. */
  readonly expiresAt: number | null
}

/** The file that the other clients of these servers keep their logins in, so that one login serves all (protocol.md §1). */
export function sessionFile(environment: NodeJS.ProcessEnv): string {
  return join(environment.HOME || homedir(), '.ctxce', 'auth.json')
}

/** The login at this endpoint, in whatever spelling its address was written down. Throws `configuration-invalid`. */
export async function readSession(endpoint: string, environment: NodeJS.ProcessEnv): Promise<Session | null> {
  const file = sessionFile(environment)
  const entries = await readEntries(file)
  for (const key of keysFor(endpoint, entries)) {
    const session = parseSession(entries[key], file)
    if (session !== null) return session
  }
  return null
}

/** Writes a login down, for its owner only; what else is in the file stays. */
export async function writeSession(
  endpoint: string,
  { id, userId, expiresAt }: Omit<Session, 'source'>,
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  await changeEntries(endpoint, environment, (others) => {
    return { ...others, [endpoint]: { sessionId: id, userId, expiresAt: expiresAt ?? 0 } }
  })
}

/** Forgets the login at this endpoint. Returns whether there was one. */
export async function removeSession(endpoint: string, environment: NodeJS.ProcessEnv): Promise<boolean> {
  if (keysFor(endpoint, await readEntries(sessionFile(environment))).length === 0) return false
  await changeEntries(endpoint, environment, (others) => others)
  return true
}

type Entries = Readonly<Record<string, unknown>>

/** Several may log in at the same time, and each takes a moment. */
const PATIENCE_WITH_OTHERS = 10_000

/**
 * `change` gets what the file says of other endpoints. Where the file is a link, what it leads to is written. One at a time:
 * whoever reads what another one is about to write would take it away again.
 */
async function changeEntries(
  endpoint: string,
  environment: NodeJS.ProcessEnv,
  change: (others: Entries) => Entries,
): Promise<void> {
  const path = sessionFile(environment)
  await makePrivateDirectory(dirname(path))
  const lock = await takeLock(`${path}.lock`, {
    milliseconds: PATIENCE_WITH_OTHERS,
    busy: (holder) => busy(path, holder),
  })
  try {
    await writeEntries(path, endpoint, change)
  } finally {
    await lock.release()
  }
}

function busy(file: string, { pid, host }: LockHolder): DeltaError {
  return new DeltaError('already-running', `Process ${pid} on ${host} is writing ${file}.`, {
    facts: { file, pid, host },
    next: `If it is gone, delete ${file}.lock, and try again.`,
  })
}

async function writeEntries(path: string, endpoint: string, change: (others: Entries) => Entries): Promise<void> {
  const file = await realpath(path).catch((thrown: unknown) => {
    if (systemErrorCode(thrown) === 'ENOENT') return path
    throw thrown
  })
  const entries = await readEntries(file)
  const ours = new Set(keysFor(endpoint, entries))
  const others = Object.fromEntries(Object.entries(entries).filter(([key]) => !ours.has(key)))
  await writeFileDurably(file, `${JSON.stringify(change(others), null, 2)}\n`)
}

async function readEntries(file: string): Promise<Entries> {
  const entries = asFields(parseJson((await readTextIfPresent(file)) || '{}'))
  if (entries !== null) return entries
  throw new DeltaError('configuration-invalid', `${file} is not a JSON object of servers and logins.`, {
    facts: { file },
    next: 'Correct the file, or remove it and log in again: ce-delta login',
  })
}

/** The last one that a date can have. */
const LAST_SECOND = 8.64e12

/** Both spellings that writers of this file use; no expiry, or one that is not above 0, is none. */
function parseSession(value: unknown, source: string): Session | null {
  const fields = asFields(value) ?? {}
  const id = fields.sessionId ?? fields.session_id
  if (typeof id !== 'string' || id === '') return null
  const userId = fields.userId ?? fields.user_id
  const expiresAt = Number(fields.expiresAt ?? fields.expires_at)
  const isDate = expiresAt > 0 && expiresAt <= LAST_SECOND
  return { id, source, userId: typeof userId === 'string' ? userId : null, expiresAt: isDate ? expiresAt : null }
}

/**
 * The keys of entries that are about this endpoint, the best first. Writers keep an address as it was typed, or its scheme
 * and host only, so another spelling of the same address counts, and so does its bare origin; another path does not.
 */
function keysFor(endpoint: string, entries: Entries): string[] {
  const wanted = canonical(endpoint)
  const rank = (key: string): number => {
    const found = canonical(key)
    if (wanted === null || found === null || found.origin !== wanted.origin) return 0
    if (found.path === wanted.path) return key === endpoint ? 3 : 2
    return found.path === '' ? 1 : 0
  }
  return Object.keys(entries)
    .filter((key) => rank(key) > 0)
    .sort((left, right) => rank(right) - rank(left))
}

function canonical(address: string): { readonly origin: string; readonly path: string } | null {
  if (!URL.canParse(address)) return null
  const { protocol, hostname, port, pathname } = new URL(address)
  // This machine has several names, and people use whichever comes to mind.
  const host = isLoopback(hostname) ? 'localhost' : hostname
  return { origin: `${protocol}//${host}:${port}`, path: pathname.replace(/\/+$/, '') }
}
