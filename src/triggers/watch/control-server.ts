import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { asDeltaError } from '../../support/errors.js'
import { asFields, parseJson } from '../../support/json.js'
import { CONTROL_REQUESTS, type ControlRequest, newAddress, removeNote, writeNote } from './control-place.js'

export interface Control {
  close(): Promise<void>
}

/** Longer than any request; who sends more is not one of us. */
const LONGEST_REQUEST = 1000

/**
 * Listens for other processes of this user. Only for the holder of the watch's lock: what an earlier one left is
 * removed.
 */
export async function startControl(
  stateDirectory: string,
  answer: (request: ControlRequest) => Promise<object>,
): Promise<Control> {
  await removeNote(stateDirectory)
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    serve(socket, answer)
  })
  const address = await newAddress(stateDirectory)
  server.listen(address)
  await once(server, 'listening')
  await writeNote(stateDirectory, address)
  return {
    async close() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of open) socket.destroySoon()
      await closed
      await removeNote(stateDirectory)
    },
  }
}

function serve(socket: Socket, answer: (request: ControlRequest) => Promise<object>): void {
  let text = ''
  const onData = (more: string): void => {
    text += more
    if (text.length > LONGEST_REQUEST) socket.destroy()
    if (!text.includes('\n')) return
    socket.off('data', onData)
    reply(socket, text, answer).catch(() => socket.destroy())
  }
  // Whoever asked may be gone before the answer comes; nobody else is concerned.
  socket.on('error', () => socket.destroy())
  socket.setEncoding('utf8').on('data', onData)
}

async function reply(
  socket: Socket,
  text: string,
  answer: (request: ControlRequest) => Promise<object>,
): Promise<void> {
  const asked = asFields(parseJson(text))?.request
  const request = CONTROL_REQUESTS.find((name) => name === asked)
  socket.end(`${JSON.stringify(await answerTo(request, answer))}\n`)
}

async function answerTo(
  request: ControlRequest | undefined,
  answer: (request: ControlRequest) => Promise<object>,
): Promise<object> {
  if (request === undefined) return { error: { code: 'usage', message: 'This watch does not know that request.' } }
  try {
    return await answer(request)
  } catch (thrown) {
    const { code, message } = asDeltaError(thrown)
    return { error: { code, message } }
  }
}
