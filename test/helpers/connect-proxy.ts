import { createServer, request as httpRequest, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach } from '@jest/globals'
import { type Certificate, pemOf } from './certificates.js'

export interface ConnectProxy {
  readonly port: number
  /** What was asked for: `CONNECT host:port`, or the method and the whole address. */
  readonly asked: string[]
  /** The credentials that came with each. */
  readonly credentials: (string | undefined)[]
  /** Everything else in the heads of what it was asked. */
  readonly heads: string[]
}

export interface ProxyManner {
  /** Where every name leads to, on this machine. */
  readonly port: number
  /** What it wants as `name:password`. */
  readonly wants?: string
  /** Answers this instead of connecting. */
  readonly status?: number
  /** Speaks TLS itself. */
  readonly secure?: Certificate
}

const running: { readonly server: Pick<Server, 'close'>; readonly sockets: Set<Socket> }[] = []

afterEach(async () => {
  for (const { server, sockets } of running.splice(0)) {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  }
})

/** A proxy like those of companies: tunnels with CONNECT, and requests with whole addresses. */
export async function connectProxy(manner: ProxyManner): Promise<ConnectProxy> {
  const asked: string[] = []
  const credentials: (string | undefined)[] = []
  const heads: string[] = []
  const sockets = new Set<Socket>()
  const refusal = (given: string | undefined): number | null => {
    credentials.push(given)
    const wanted = manner.wants === undefined ? undefined : `Basic ${Buffer.from(manner.wants).toString('base64')}`
    return wanted !== undefined && given !== wanted ? 407 : (manner.status ?? null)
  }
  const server = manner.secure === undefined ? createServer() : createSecureServer(await pemOf(manner.secure))
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => undefined)))
  server.on('connect', ({ url, headers }, client: Socket) => {
    const { 'proxy-authorization': given, ...others } = headers
    asked.push(`CONNECT ${url}`)
    heads.push(JSON.stringify(others))
    const status = refusal(given)
    if (status !== null) return client.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`)
    const upstream = connect(manner.port, '127.0.0.1', () => client.write('HTTP/1.1 200 OK\r\n\r\n'))
    sockets.add(upstream.on('error', () => client.destroy()))
    client.pipe(upstream).pipe(client)
    return client
  })
  server.on('request', (incoming, outgoing) => {
    const { 'proxy-authorization': given, ...headers } = incoming.headers
    asked.push(`${incoming.method} ${incoming.url}`)
    const status = refusal(given)
    if (status !== null) return void outgoing.writeHead(status).end()
    const { pathname, search } = new URL(incoming.url ?? '')
    const target = { host: '127.0.0.1', port: manner.port, path: pathname + search, method: incoming.method, headers }
    incoming.pipe(
      httpRequest(target, (answer) => answer.pipe(outgoing.writeHead(answer.statusCode ?? 500, answer.headers))),
    )
  })
  running.push({ server, sockets })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  return { port: (server.address() as AddressInfo).port, asked, credentials, heads }
}
