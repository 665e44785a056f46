import type { AddressInfo } from 'node:net'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach } from '@jest/globals'
import { Passage } from './faulty-passage.js'

/** A place in an exchange; the share is of that part of it. */
export interface Place {
  readonly part: 'connect' | 'request head' | 'request body' | 'response head' | 'response body'
  readonly share: number
}

/** What happens to a request on its way. */
export type Toxic =
  /**
   * What comes before the place passes; then the connection is reset, or ended as if all had been said, or nothing moves
   * any more, or one byte is another one and the rest passes.
   */
  | { readonly kind: 'reset' | 'truncate' | 'stall' | 'corrupt'; readonly at: Place }
  /** What comes before the place passes; then somebody else answers. */
  | { readonly kind: 'answer'; readonly at: Place; readonly answer: string }
  /** A request of more bytes than these is answered at once by somebody else, and cut. */
  | { readonly kind: 'limit'; readonly bytes: number; readonly answer: string }
  /** The request is delivered a second time, while it is being answered or when it was. */
  | { readonly kind: 'duplicate'; readonly when: 'meanwhile' | 'afterwards' }
  /** The request is kept, whole, until `deliverLate`; the client is cut off. */
  | { readonly kind: 'hold' }

/** Which requests suffer: those that bring a change (a bundle, or operations alone), or questions. */
export type Target = 'upload' | 'status' | 'plan'

export interface FaultProxy {
  readonly url: string
  /** The next requests of a kind, or all that follow, suffer. */
  poison(toxic: Toxic, what?: { readonly on?: Target; readonly times?: number }): void
  /** From now on another server stands behind. */
  turnTo(port: number): void
  /** Nothing suffers any more. */
  cure(): void
  /** How often a toxic acted. */
  readonly struck: () => number
  /** Delivers what was held, and waits for the answers; returns how each began. */
  deliverLate(): Promise<string[]>
}

/** What the connections of one proxy have in common. */
export interface Poison {
  /** The toxic that acts on this request, if any. */
  take(target: Target): Toxic | null
  /** The toxic acted. */
  strike(): void
  /** Whether the connection shall end after a status, so that an upload needs a new one. */
  readonly endsAfterStatus: () => boolean
  /** Delivers a request once more; resolves to the first line of the answer. */
  again(request: Buffer): Promise<string>
  hold(request: Buffer): void
}

const running: { readonly server: Server; readonly sockets: Set<Socket> }[] = []

afterEach(async () => {
  for (const { server, sockets } of running.splice(0)) {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  }
})

/** Stands between a client and a server on loopback, and does what networks do. */
export async function faultProxy(first: number): Promise<FaultProxy> {
  const sockets = new Set<Socket>()
  const held: Buffer[] = []
  let port = first
  let toxic: Toxic | null = null
  let on: Target = 'upload'
  let left = 0
  let struck = 0
  let isAfterStatus = false
  const track = (socket: Socket): Socket => {
    sockets.add(socket)
    return socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
  }
  const atConnect = () => (toxic !== null && 'at' in toxic && toxic.at.part === 'connect' && left > 0 ? toxic : null)
  const poison: Poison = {
    take: (target) => {
      if (target === 'status') isAfterStatus = true
      if (toxic === null || left === 0 || target !== on || atConnect() !== null) return null
      left--
      return toxic
    },
    strike: () => {
      struck++
    },
    endsAfterStatus: () => on !== 'status' && atConnect() !== null,
    again: (request) => sendAgain(port, request, track),
    hold: (request) => held.push(request),
  }
  const server = createServer((client) => {
    track(client)
    const refusal = on === 'status' || isAfterStatus ? atConnect() : null
    if (refusal === null) return new Passage(client, track(connect(port, '127.0.0.1')), poison).start()
    left--
    struck++
    client.resume()
    if (refusal.kind === 'reset') client.resetAndDestroy()
    if (refusal.kind === 'truncate') client.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  running.push({ server, sockets })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    poison: (next, { on: target = 'upload', times = Number.POSITIVE_INFINITY } = {}) => {
      toxic = next
      on = target
      left = times
      struck = 0
      isAfterStatus = false
    },
    turnTo: (next) => {
      port = next
      for (const socket of sockets) socket.destroy()
    },
    cure: () => {
      toxic = null
    },
    struck: () => struck,
    deliverLate: async () => {
      const answers: string[] = []
      for (const request of held.splice(0)) answers.push(await sendAgain(port, request, track))
      return answers
    },
  }
}

/** Sends the bytes of a request once more; returns the first line of the answer. */
async function sendAgain(port: number, request: Buffer, track: (socket: Socket) => Socket): Promise<string> {
  const socket = track(connect(port, '127.0.0.1'))
  socket.write(request)
  return await new Promise((resolve) => {
    socket.once('data', (chunk) => {
      resolve(chunk.toString('latin1').split('\r\n')[0] ?? '')
      socket.destroy()
    })
    socket.once('close', () => resolve('no answer'))
  })
}
