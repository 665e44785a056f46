import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { systemErrorCode } from './errors.js'

/** Folders that hold source code or state are for their owner only (faults.md row 99). */
export async function makePrivateDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 })
}

/** Makes a rename or an unlink in this folder survive a power loss. */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(path, constants.O_RDONLY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** A name beside `path` that nobody else has; left-overs are recognised by {@link isTemporary}. */
export function temporaryName(path: string): string {
  return `${path}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`
}

export function isTemporary(name: string): boolean {
  return TEMPORARY.test(name)
}

const TEMPORARY = /\.(\d+)\.[0-9a-f]{12}\.tmp$/

/** Whether a temporary file is left over: the process that made it has ended. */
export function isAbandoned(name: string): boolean {
  const pid = Number(TEMPORARY.exec(name)?.[1])
  if (!Number.isSafeInteger(pid)) return false
  try {
    process.kill(pid, 0)
    return false
  } catch (thrown) {
    return systemErrorCode(thrown) === 'ESRCH'
  }
}

/**
 * Writes a file so that it is either wholly there or not there at all: temporary file, fsync, rename, fsync of the
 * folder. A failed fsync discards the temporary file; it is never trusted again (faults.md row 4).
 */
export async function writeDurably(path: string, write: (handle: FileHandle) => Promise<void>): Promise<void> {
  const temporary = temporaryName(path)
  let published = false
  try {
    const handle = await open(temporary, 'wx+', 0o600)
    try {
      await write(handle)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, path)
    published = true
    await syncDirectory(dirname(path))
  } finally {
    if (!published) await rm(temporary, { force: true })
  }
}

export async function writeFileDurably(path: string, content: string | Uint8Array): Promise<void> {
  await writeDurably(path, (handle) => handle.writeFile(content))
}

/** Writes a file as a whole, without waiting for the disk: after a power loss it may be the old one, or empty. */
export async function writeHint(path: string, content: string): Promise<void> {
  const temporary = temporaryName(path)
  try {
    await writeFile(temporary, content, { flag: 'wx', mode: 0o600 })
    await rename(temporary, path)
  } catch (thrown) {
    await rm(temporary, { force: true })
    throw thrown
  }
}

/** Removes a file for good; that it was already gone is no failure. */
export async function removeDurably(path: string): Promise<void> {
  await rm(path, { force: true })
  try {
    await syncDirectory(dirname(path))
  } catch (thrown) {
    if (systemErrorCode(thrown) !== 'ENOENT') throw thrown
  }
}

/**
 * Removes a folder with all that is in it, also where a process that outlived its parent still writes into it: that goes
 * on for seconds at most.
 */
export async function removeFolder(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
}

/** The text of a file, or null where it does not exist. */
export async function readTextIfPresent(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (thrown) {
    const code = systemErrorCode(thrown)
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw thrown
  }
}

/** Changes whenever one of these files does, comes or goes. Their contents are not read. */
export async function signatureOf(paths: readonly string[]): Promise<string> {
  return (await Promise.all(paths.map(signatureOfOne))).join('\n')
}

async function signatureOfOne(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true })
    return [dev, ino, size, mtimeNs, ctimeNs].join('-')
  } catch (thrown) {
    // Whatever it is that keeps us from looking: that it changes is a change.
    return systemErrorCode(thrown) ?? Promise.reject(thrown)
  }
}
