import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach } from '@jest/globals'

const running: Server[] = []

afterEach(async () => {
  for (const server of running.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

/** What a scripted server says: a whole answer, or whatever a listener does. */
export interface Scripted {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

export interface SeenRequest {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface ScriptedServer {
  readonly url: string
  readonly port: number
  /** Requests that arrived whole. */
  readonly requests: SeenRequest[]
  /** Bytes that arrived, of whatever. */
  readonly bytes: () => number
}

export type Script = (request: SeenRequest, number: number) => Scripted

/** A server on loopback that says what a test wants it to say, and remembers what it was asked. */
export async function scriptedServer(script: Script): Promise<ScriptedServer> {
  const requests: SeenRequest[] = []
  const listener: RequestListener = (incoming, outgoing) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('error', () => undefined)
    incoming.on('end', () => {
      const { method = '', url = '', headers } = incoming
      const request = { method, url, headers, body: Buffer.concat(chunks) }
      requests.push(request)
      const answer = script(request, requests.length)
      outgoing.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers })
      outgoing.end(answer.body ?? '')
    })
  }
  return { ...(await listening(listener)), requests }
}

/** A server that does whatever a listener does: stalls, hangs up, answers without an end. */
export async function listening(listener: RequestListener): Promise<Omit<ScriptedServer, 'requests'>> {
  let bytes = 0
  const server = createServer(listener)
  server.on('connection', (socket) => socket.on('data', (chunk) => (bytes += chunk.length)))
  running.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, port, bytes: () => bytes }
}

/** A port on loopback on which nothing listens. */
export async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Longer than a part of a name may be, so that nobody needs to be asked for it. */
export const UNKNOWN_NAME = `http://${'a'.repeat(64)}.invalid`

/** Everybody on the local network, which no connection leads to: refused before anything is sent. */
export const NO_NETWORK = 'http://255.255.255.255:9'
