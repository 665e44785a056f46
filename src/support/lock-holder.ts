import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { bootId, readOrEmpty } from './boot.js'
import { systemErrorCode } from './errors.js'
import { asFields, parseJson } from './json.js'

/** Who holds a lock: a process, told apart from a later one with the same number by when it and the machine started. */
export interface LockHolder {
  readonly nonce: string
  readonly pid: number
  readonly started: string
  readonly boot: string
  readonly host: string
  readonly since: string
}

/**
 * Who holds the lock in a file; null where there is none. A lock that cannot be understood was not written by us; its
 * holder is taken for dead.
 */
export async function readHolder(path: string): Promise<LockHolder | null> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (thrown) {
    if (systemErrorCode(thrown) === 'ENOENT') return null
    throw thrown
  }
  const fields = asFields(parseJson(text))
  const string = (name: string): string => (typeof fields?.[name] === 'string' ? fields[name] : '')
  const pid = typeof fields?.pid === 'number' && Number.isSafeInteger(fields.pid) ? fields.pid : 0
  return {
    nonce: string('nonce'),
    pid,
    started: string('started'),
    boot: string('boot'),
    host: string('host'),
    since: string('since'),
  }
}

/** A holder on another machine is never declared dead: it cannot be looked at from here. */
export function isAlive(holder: LockHolder): boolean {
  if (holder.pid <= 0) return false
  if (holder.host !== hostname()) return true
  if (holder.boot !== bootId()) return false
  try {
    process.kill(holder.pid, 0)
  } catch (thrown) {
    if (systemErrorCode(thrown) === 'ESRCH') return false
    if (systemErrorCode(thrown) !== 'EPERM') throw thrown
  }
  return holder.started === startOf(holder.pid)
}

/** This process as a holder; each call is another one. */
export function thisProcess(): LockHolder {
  return {
    nonce: randomUUID(),
    pid: process.pid,
    started: startOf(process.pid),
    boot: bootId(),
    host: hostname(),
    since: new Date().toISOString(),
  }
}

/**
 * When a process started, in ticks since boot; empty where the system does not tell, then the number alone decides.
 * One that has ended and waits for its parent to notice is still listed (state Z); it started never.
 */
function startOf(pid: number): string {
  const facts = readOrEmpty(`/proc/${pid}/stat`)
  const fields = facts.slice(facts.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' || fields[0] === 'X' ? 'ended' : (fields[19] ?? '')
}
