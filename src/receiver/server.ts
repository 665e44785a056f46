import { rm } from 'node:fs/promises'
import { isIPv6 } from 'node:net'
import { join } from 'node:path'
import { fastifyMultipart } from '@fastify/multipart'
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify'
import { makePrivateDirectory } from '../support/durable-files.js'
import { DeltaError } from '../support/errors.js'
import { tryLock } from '../support/lock.js'
import type { LockHolder } from '../support/lock-holder.js'
import { printable } from '../support/text.js'
import { checkAddress, checkBrowser, checkToken } from './authorisation.js'
import type { ReceiverEngine } from './engine.js'
import { badRequest, failedUpload, HttpRefusal, refusalOf } from './refusals.js'
import type { ServerEvent } from './server-events.js'
import { handleStatus, handleTree, handleUpload, type Service } from './service.js'
import { HEALTH_PATH, STATUS_PATH, TREE_PATH, UPLOAD_PATH } from './wire.js'

export interface ServerOptions {
  readonly engine: ReceiverEngine
  readonly dataDirectory: string
  /** A name or number of this machine; beyond loopback only with a token. */
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  readonly token: string | null
  readonly version: string
  readonly onEvent?: (event: ServerEvent) => void
  readonly timing?: Partial<Timing>
}

/** All in milliseconds (faults.md row 96). */
export interface Timing {
  /**
   * How long nothing may move on a connection. There is no limit on a whole request: a large upload over a slow line
   * is welcome as long as bytes come.
   */
  readonly idle: number
  /** How long the headers of a request may take. */
  readonly headers: number
  /** How long a refused client may go on sending before it is cut off; it needs that time to read the answer. */
  readonly linger: number
}

const TIMING: Timing = { idle: 60_000, headers: 20_000, linger: 5_000 }

export interface RunningServer {
  readonly url: string
  /** Takes nothing new, finishes the uploads that are running, then ends. */
  close(): Promise<void>
}

const KEEP_ALIVE = 15_000
const MAX_CONNECTIONS = 256

/** How long `close` waits for connections on which no upload is running. */
const CLOSING = 1_000

export async function startServer(options: ServerOptions): Promise<RunningServer> {
  checkAddress(options)
  await makePrivateDirectory(options.dataDirectory)
  const lock = await tryLock(join(options.dataDirectory, 'serve.lock'))
  if (!('release' in lock)) throw dataInUse(options, lock)
  try {
    const server = await serve(options)
    const close = async (): Promise<void> => {
      await server.close()
      await lock.release()
    }
    return { url: server.url, close }
  } catch (thrown) {
    await lock.release()
    throw thrown
  }
}

/** Two servers would clear each other's spool. */
function dataInUse(options: ServerOptions, holder: LockHolder): DeltaError {
  const { dataDirectory } = options
  return new DeltaError(
    'already-running',
    `Another server uses ${dataDirectory} (process ${holder.pid} on ${holder.host}).`,
    {
      facts: { data: dataDirectory, pid: holder.pid, host: holder.host },
      next: 'End it, or name another folder with --data.',
    },
  )
}

async function serve(options: ServerOptions): Promise<RunningServer> {
  const spool = join(options.dataDirectory, 'spool')
  await rm(spool, { recursive: true, force: true })
  await makePrivateDirectory(spool)
  await options.engine.repairAll()
  const service: Service = {
    engine: options.engine,
    spool,
    version: options.version,
    emit: options.onEvent ?? (() => undefined),
    applying: new Map(),
    uploads: new Set(),
    background: new Set(),
  }
  const app = await buildApp(options, service)
  const host = options.host === 'localhost' ? '127.0.0.1' : options.host
  await app.listen({ host, port: options.port })
  return { url: urlOf(app, host), close: () => closeServer(app, service) }
}

async function buildApp(options: ServerOptions, service: Service): Promise<FastifyInstance> {
  const timing = { ...TIMING, ...options.timing }
  const app = fastify({
    connectionTimeout: timing.idle,
    keepAliveTimeout: KEEP_ALIVE,
    requestTimeout: 0,
    http: { headersTimeout: timing.headers, connectionsCheckingInterval: Math.ceil(timing.headers / 4) },
    routerOptions: { ignoreTrailingSlash: true },
    forceCloseConnections: 'idle',
  })
  app.server.maxConnections = MAX_CONNECTIONS
  app.removeAllContentTypeParsers()
  await app.register(fastifyMultipart, { throwFileSizeLimit: false })
  const refuse = (thrown: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    dropRest(request, timing.linger)
    sendRefusal(service, thrown, request, reply)
  }
  app.setErrorHandler((thrown, request, reply) => refuse(thrown, request, reply))
  app.setNotFoundHandler((request, reply) => {
    refuse(new HttpRefusal(404, 'NOT_FOUND', 'There is nothing at this address.'), request, reply)
  })
  app.addHook('onRequest', async ({ headers }) => checkBrowser(headers, options.host))
  app.get(HEALTH_PATH, async () => ({
    status: 'healthy',
    timestamp: new Date().toISOString(),
    version: options.version,
  }))
  await app.register(async (api) => {
    // Before the body is read, and by route: no spelling of an address can get around it.
    api.addHook('onRequest', async ({ headers }) => checkToken(headers, options.token))
    api.post(UPLOAD_PATH, async (request, reply) => {
      if (!request.isMultipart()) throw badRequest('An upload is a form of the type multipart/form-data.', 415)
      return await handleUpload(service, request, reply)
    })
    api.get(STATUS_PATH, async (request) => handleStatus(service, request.query))
    api.get(TREE_PATH, async (request, reply) => {
      return reply.type('application/x-ndjson; charset=utf-8').send(await handleTree(service, request.query))
    })
  })
  return app
}

/** The one place from which anything but a success is answered. */
function sendRefusal(service: Service, thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const { status, error, inner } = refusalOf(thrown)
  if (inner !== null) service.emit({ event: 'failed', message: inner })
  else service.emit({ event: 'refused', ...workspaceOf(request), code: error.code, message: error.message })
  if (error.retry_after !== undefined && status === 503)
    reply.header('retry-after', Math.ceil(error.retry_after / 1000))
  if (status === 401) reply.header('www-authenticate', 'Bearer')
  const isUpload = request.routeOptions.url === UPLOAD_PATH
  reply.code(status).send(isUpload ? failedUpload(error) : { detail: error.message, error })
}

/** Only the query tells; a form that was refused is not quoted. */
function workspaceOf({ query }: FastifyRequest): { workspace_path?: string } {
  if (typeof query !== 'object' || query === null || !('workspace_path' in query)) return {}
  const { workspace_path: path } = query
  return typeof path === 'string' ? { workspace_path: printable(path) } : {}
}

/** Reads past what a refused client still sends, for a moment only. */
function dropRest({ raw }: FastifyRequest, linger: number): void {
  if (raw.complete) return
  raw.unpipe()
  raw.resume()
  const cut = setTimeout(() => raw.socket.destroy(), linger)
  raw.once('end', () => clearTimeout(cut))
  raw.once('close', () => clearTimeout(cut))
}

function urlOf(app: FastifyInstance, host: string): string {
  const address = app.server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return `http://${isIPv6(host) ? `[${host}]` : host}:${port}`
}

async function closeServer(app: FastifyInstance, service: Service): Promise<void> {
  const closed = app.close()
  await Promise.allSettled([...service.uploads])
  await Promise.allSettled([...service.background])
  const cut = setTimeout(() => app.server.closeAllConnections(), CLOSING)
  await closed
  clearTimeout(cut)
}
