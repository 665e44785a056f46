import { link, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isTemporary, temporaryName } from './durable-files.js'
import { DeltaError, systemErrorCode } from './errors.js'
import { isAlive, type LockHolder, readHolder, thisProcess } from './lock-holder.js'

export interface Lock {
  readonly holder: LockHolder
  /** Throws `already-running` where the lock is no longer ours; asked before every step that cannot be taken back. */
  verify(): Promise<void>
  release(): Promise<void>
}

/**
 * Locks that this process released while they were not there: their folder had been moved away, or was not mounted. They
 * come back with it, and nobody holds them.
 */
const released = new Set<string>()

/**
 * Takes a lock that lives in a file, or returns who holds it. A lock whose holder is dead is taken over.
 *
 * The lock appears whole or not at all (`link` of a written file). Taking over is itself done under a lock, beside the
 * first: the dead holder's file is replaced, by `rename`, only by who holds that one and has seen under it that the
 * file is still the dead holder's. So there is never a moment without a lock, and never two winners (faults.md 0.6).
 */
export async function tryLock(path: string): Promise<Lock | LockHolder> {
  const result = await contend(path)
  if ('release' in result) await removeLeftOver(path)
  return result
}

async function contend(path: string): Promise<Lock | LockHolder> {
  const holder = thisProcess()
  const own = temporaryName(path)
  await writeFile(own, JSON.stringify(holder), { flag: 'wx', mode: 0o600 })
  try {
    for (;;) {
      if (await linkNew(own, path)) return heldLock(path, holder)
      const current = await readHolder(path)
      if (current === null) continue
      if (isAlive(current) && !released.has(current.nonce)) return current
      if (await takeOver(path, own, current)) return heldLock(path, holder)
    }
  } finally {
    await rm(own, { force: true })
  }
}

export interface WaitOptions {
  readonly milliseconds: number
  readonly busy: (holder: LockHolder) => DeltaError
}

/** Takes a lock, waiting for its holder; throws what `busy` makes of the holder when the time is over. */
export async function takeLock(path: string, wait: WaitOptions): Promise<Lock> {
  const deadline = performance.now() + wait.milliseconds
  for (;;) {
    const result = await tryLock(path)
    if ('release' in result) return result
    if (performance.now() >= deadline) throw wait.busy(result)
    await sleep(25)
  }
}

async function linkNew(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (thrown) {
    if (systemErrorCode(thrown) === 'EEXIST') return false
    throw thrown
  }
}

async function takeOver(path: string, own: string, dead: LockHolder): Promise<boolean> {
  const guard = await contend(takeoverOf(path))
  if (!('release' in guard)) {
    await sleep(2)
    return false
  }
  try {
    if ((await readHolder(path))?.nonce !== dead.nonce) return false
    await rename(own, path)
    return true
  } finally {
    await guard.release()
  }
}

function takeoverOf(path: string): string {
  return `${path}.takeover`
}

/** A temporary file that says nothing may be one that is just being written. */
const LONGEST_WRITE = 60_000

/**
 * Removes what contenders left that were killed. Only for the holder of the lock: while it is held, no one can take
 * anything over, so a dead contender's guard protects nothing.
 */
async function removeLeftOver(path: string): Promise<void> {
  const directory = dirname(path)
  const guard = takeoverOf(basename(path))
  for (const name of await readdir(directory)) {
    const isContender = name.startsWith(`${basename(path)}.`) && isTemporary(name)
    if (!isContender && !/^(?:\.takeover)*$/.test(name.startsWith(guard) ? name.slice(guard.length) : '?')) continue
    const file = join(directory, name)
    const holder = await readHolder(file)
    if (holder === null || isAlive(holder)) continue
    if (holder.pid <= 0 && (await isYoung(file))) continue
    await rm(file, { force: true })
  }
}

async function isYoung(file: string): Promise<boolean> {
  try {
    return Date.now() - (await stat(file)).mtimeMs < LONGEST_WRITE
  } catch (thrown) {
    if (systemErrorCode(thrown) === 'ENOENT') return true
    throw thrown
  }
}

function heldLock(path: string, holder: LockHolder): Lock {
  const isOurs = async (): Promise<boolean> => (await readHolder(path))?.nonce === holder.nonce
  return {
    holder,
    async verify() {
      if (!(await isOurs()))
        throw new DeltaError('already-running', 'Another process took over this work.', { facts: { lock: path } })
    },
    async release() {
      if (await isOurs()) await rm(path, { force: true })
      else released.add(holder.nonce)
    },
  }
}
