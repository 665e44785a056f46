import { createHash, randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { readTextIfPresent } from '../../support/durable-files.js'
import { asFields, parseJson } from '../../support/json.js'

/** What a running watch can be asked, one JSON object a line; it answers with one line, and the connection ends. */
export const CONTROL_REQUESTS = ['status', 'flush', 'pause', 'resume'] as const

export type ControlRequest = (typeof CONTROL_REQUESTS)[number]

/** Where a watch listens. The note beside the state says so; only its owner can read it. */
interface ControlNote {
  readonly pid: number
  readonly address: string
}

/** Systems cut longer names of sockets off: 104 bytes on macOS, 108 on Linux, with the zero at the end. */
const LONGEST_SOCKET_NAME = 103

/** The lock of the one watch of a workspace. */
export function watchLock(stateDirectory: string): string {
  return join(stateDirectory, 'watch.lock')
}

/** A place to listen at: a socket in the folder of the state, or, where its name would be too long, in one of our own. */
export async function newAddress(stateDirectory: string): Promise<string> {
  if (process.platform === 'win32') {
    const name = createHash('sha256').update(`${stateDirectory}${randomUUID()}`).digest('hex').slice(0, 32)
    return `\\\\.\\pipe\\ce-delta-${name}`
  }
  const beside = join(stateDirectory, 'watch.sock')
  if (Buffer.byteLength(beside) <= LONGEST_SOCKET_NAME) return beside
  return join(await mkdtemp(join(tmpdir(), 'ce-delta-watch-')), 'watch.sock')
}

export async function writeNote(stateDirectory: string, address: string): Promise<void> {
  const note: ControlNote = { pid: process.pid, address }
  await writeFile(noteFile(stateDirectory), `${JSON.stringify(note)}\n`, { mode: 0o600 })
}

/** null where no watch has left one. One that was killed leaves its note behind: nobody listens there any more. */
export async function readNote(stateDirectory: string): Promise<ControlNote | null> {
  const fields = asFields(parseJson((await readTextIfPresent(noteFile(stateDirectory))) ?? ''))
  if (typeof fields?.pid !== 'number' || typeof fields.address !== 'string') return null
  return { pid: fields.pid, address: fields.address }
}

/** Removes what the last watch of this workspace left, by its note. Only for the holder of the lock. */
export async function removeNote(stateDirectory: string): Promise<void> {
  const note = await readNote(stateDirectory)
  await rm(noteFile(stateDirectory), { force: true })
  if (note === null || process.platform === 'win32') return
  await rm(note.address, { force: true })
  const isElsewhere = dirname(note.address).startsWith(join(tmpdir(), 'ce-delta-watch-'))
  if (isElsewhere) await rm(dirname(note.address), { recursive: true, force: true })
}

function noteFile(stateDirectory: string): string {
  return join(stateDirectory, 'watch.json')
}
