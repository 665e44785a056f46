import { connect, type Socket } from 'node:net'
import { DeltaError, systemErrorCode } from '../../support/errors.js'
import { asFields, parseJson } from '../../support/json.js'
import { type ControlRequest, readNote } from './control-place.js'

export type ControlAnswer = Readonly<Record<string, unknown>>

/** A watch that works answers at once; a flush takes as long as its push. */
const PATIENCE = 10_000

/**
 * Asks the watch of a workspace. Throws `usage` where none is running, and `watch-failed` where one is and does not
 * answer.
 */
export async function askWatch(stateDirectory: string, request: ControlRequest): Promise<ControlAnswer> {
  const note = await readNote(stateDirectory)
  if (note === null) throw notRunning()
  const text = await exchange(note.address, `${JSON.stringify({ request })}\n`, request === 'flush' ? 0 : PATIENCE)
  const answer = asFields(parseJson(text))
  const complaint = asFields(answer?.error)
  if (answer === null || complaint !== null) {
    const message = typeof complaint?.message === 'string' ? complaint.message : 'it ended while it was asked'
    throw new DeltaError('watch-failed', `The watch did not answer: ${message}`, {
      facts: { pid: note.pid },
      next: 'ce-delta watch --status tells whether it still runs.',
    })
  }
  return answer
}

async function exchange(address: string, question: string, patience: number): Promise<string> {
  const socket = connect(address)
  try {
    return await answerFrom(socket, question, patience)
  } catch (thrown) {
    if (NOBODY_LISTENS.has(systemErrorCode(thrown) ?? '')) throw notRunning()
    throw thrown
  } finally {
    socket.destroy()
  }
}

/** A watch that was killed leaves its socket and its note. */
const NOBODY_LISTENS = new Set(['ENOENT', 'ECONNREFUSED', 'ENOTSOCK'])

async function answerFrom(socket: Socket, question: string, patience: number): Promise<string> {
  return await new Promise((resolve, reject) => {
    let text = ''
    socket.setEncoding('utf8').setTimeout(patience, () => reject(new DeltaError('watch-failed', 'It does not answer.')))
    socket.on('data', (more: string) => {
      text += more
    })
    socket.once('error', reject)
    socket.once('close', () => resolve(text))
    socket.write(question)
  })
}

function notRunning(): DeltaError {
  return new DeltaError('usage', 'No watch of this workspace is running.', { next: 'Start one: ce-delta watch' })
}
