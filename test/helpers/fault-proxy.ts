import type { AddressInfo } from 'node:net'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach } from '@jest/globals'

/** What happens to an upload on its way. Shares are of the whole request, from its first byte to its last. */
export type Toxic =
  /** The connection is reset when this share, or this number of bytes, of the request has passed. */
  | { readonly kind: 'reset request'; readonly share?: number; readonly bytes?: number }
  /** The request arrives whole; the connection is reset when so many bytes of the response have passed. */
  | { readonly kind: 'reset response'; readonly bytes: number }
  /** From there on nothing moves any more. */
  | { readonly kind: 'stall'; readonly share: number }
  /** The response never arrives, and the connection stays open. */
  | { readonly kind: 'swallow response' }
  /** The request is delivered a second time, right after its answer. */
  | { readonly kind: 'duplicate' }
  /** The request is kept, whole, until `deliverLate`; the client is cut off. */
  | { readonly kind: 'hold' }

export interface FaultProxy {
  readonly url: string
  /** The next uploads, or all that follow, suffer. */
  poison(toxic: Toxic, times?: number): void
  /** Nothing suffers any more. */
  cure(): void
  /** Uploads that were seen. */
  readonly uploads: () => number
  /** Delivers what was held, and waits for the answers; returns how each began. */
  deliverLate(): Promise<string[]>
}

const running: { readonly server: Server; readonly sockets: Set<Socket> }[] = []

afterEach(async () => {
  for (const { server, sockets } of running.splice(0)) {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  }
})

/** Stands between a client and a server on loopback, and does what networks do. */
export async function faultProxy(port: number): Promise<FaultProxy> {
  const sockets = new Set<Socket>()
  const held: Buffer[] = []
  let toxic: Toxic | null = null
  let left = 0
  let uploads = 0
  const take = (): Toxic | null => {
    uploads++
    if (toxic === null || left === 0) return null
    left--
    return toxic
  }
  const track = (socket: Socket): Socket => {
    sockets.add(socket)
    return socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
  }
  const server = createServer((client) => {
    const upstream = track(connect(port, '127.0.0.1'))
    new Passage(track(client), upstream, take, held, (request) => sendAgain(port, request, track)).start()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  running.push({ server, sockets })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    poison: (next, times = Number.POSITIVE_INFINITY) => {
      toxic = next
      left = times
    },
    cure: () => {
      toxic = null
    },
    uploads: () => uploads,
    deliverLate: async () => {
      const answers: string[] = []
      for (const request of held.splice(0)) answers.push(await sendAgain(port, request, track))
      return answers
    },
  }
}

/** One connection through the proxy. A toxic begins to act with the first byte of an upload. */
class Passage {
  readonly #client: Socket
  readonly #upstream: Socket
  readonly #take: () => Toxic | null
  readonly #held: Buffer[]
  readonly #again: (request: Buffer) => Promise<string>
  #toxic: Toxic | null = null
  #request = Buffer.alloc(0)
  #isUpload = false
  #answered = 0

  constructor(
    client: Socket,
    upstream: Socket,
    take: () => Toxic | null,
    held: Buffer[],
    again: (request: Buffer) => Promise<string>,
  ) {
    this.#client = client
    this.#upstream = upstream
    this.#take = take
    this.#held = held
    this.#again = again
  }

  start(): void {
    this.#client.on('data', (chunk) => this.#forth(chunk)).on('close', () => this.#closed())
    this.#upstream.on('data', (chunk) => this.#back(chunk)).on('close', () => this.#client.destroy())
  }

  /** What a client sent before it went has arrived, or will. */
  #closed(): void {
    if (this.#toxic?.kind !== 'swallow response') this.#upstream.end()
  }

  #forth(chunk: Buffer): void {
    if (chunk.toString('latin1', 0, 5) === 'POST ') {
      this.#isUpload = true
      this.#toxic = this.#take()
      this.#request = Buffer.alloc(0)
      this.#answered = 0
    } else if (chunk.toString('latin1', 0, 4) === 'GET ') {
      this.#isUpload = false
      this.#toxic = null
    }
    const before = this.#request.length
    if (this.#isUpload) this.#request = Buffer.concat([this.#request, chunk])
    if (this.#toxic?.kind === 'hold') this.#holdBack()
    else if (this.#toxic?.kind === 'reset request' || this.#toxic?.kind === 'stall')
      this.#pass(chunk, before, this.#toxic)
    else this.#upstream.write(chunk)
  }

  #pass(chunk: Buffer, before: number, toxic: Toxic & { kind: 'reset request' | 'stall' }): void {
    const bytes = toxic.kind === 'reset request' ? toxic.bytes : undefined
    const limit = bytes ?? Math.floor(this.#total() * (toxic.share ?? 0))
    const allowed = chunk.subarray(0, Math.max(0, limit - before))
    if (allowed.length > 0) this.#upstream.write(allowed)
    if (toxic.kind === 'reset request' && this.#request.length >= limit) this.#cut()
  }

  #holdBack(): void {
    if (this.#request.length < this.#total()) return
    this.#held.push(this.#request)
    this.#cut()
  }

  #back(chunk: Buffer): void {
    const toxic = this.#toxic
    if (toxic?.kind === 'duplicate' && this.#answered === 0) {
      this.#answered = 1
      void this.#again(this.#request).then(() => this.#client.write(chunk))
    } else if (toxic?.kind === 'reset response') {
      const allowed = chunk.subarray(0, Math.max(0, toxic.bytes - this.#answered))
      this.#answered += allowed.length
      const isOver = this.#answered >= toxic.bytes
      this.#client.write(allowed, () => (isOver ? this.#cut() : undefined))
    } else if (toxic?.kind !== 'swallow response') this.#client.write(chunk)
  }

  /** Bytes of the whole request; unknown until its head is here. */
  #total(): number {
    const end = this.#request.indexOf('\r\n\r\n')
    const length = /\r\ncontent-length: *(\d+)/i.exec(this.#request.toString('latin1', 0, Math.max(0, end)))?.[1]
    return end === -1 ? Number.POSITIVE_INFINITY : end + 4 + Number(length ?? 0)
  }

  #cut(): void {
    this.#client.resetAndDestroy()
    this.#upstream.end()
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
