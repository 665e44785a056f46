import type { Agent } from 'node:http'
import type { Readable } from 'node:stream'
import fetch, { type Response } from 'node-fetch'
import { DeltaError } from '../support/errors.js'
import { printable } from '../support/text.js'
import { since, trace } from '../support/trace.js'
import { type Connection, directConnection } from './connection.js'
import { networkFailure, proxyRefusal, stagnation, type Way } from './http-failures.js'
import { ProgressWatch } from './progress-watch.js'
import { parseRetryAfter } from './retry.js'

export interface HttpOptions {
  /** A credential for this very endpoint; it travels nowhere else. */
  readonly token: string | null
  /** Milliseconds without a byte moving, in either direction, after which an exchange is given up; see {@link ProgressWatch}. */
  readonly idleTimeout: number
  readonly userAgent: string
  /** Left out: straight to it. */
  readonly connection?: Connection
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST'
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: () => Readable
  /** Keeps a connection, so that one process of several answers all along; left out, each exchange has its own. */
  readonly agent?: Agent
  /** Milliseconds instead of the usual ones, where work is done before the answer begins. */
  readonly idleTimeout?: number
  /** Bytes; a longer answer is given up. */
  readonly longestAnswer: number
}

export interface HttpAnswer {
  readonly url: string
  readonly status: number
  readonly retryAfter: number | null
  /** What the clock of the other end shows, to the second; null where it does not say. */
  readonly date: number | null
  readonly text: string
}

/**
 * One request and its whole answer. Redirects are never followed: they would carry the source code, and the credential,
 * elsewhere (faults.md 0.3). Throws `receiver-unreachable`, after which it is unknown what the receiver did,
 * `connection-blocked`, where it was not reached, `redirect-refused`, `answer-malformed` or `interrupted`.
 */
export async function exchange(request: HttpRequest, options: HttpOptions, signal: AbortSignal): Promise<HttpAnswer> {
  const progress = new ProgressWatch(request.idleTimeout ?? options.idleTimeout)
  const connection = options.connection ?? directConnection(request.url)
  const way = { url: request.url, proxy: connection.proxy }
  const traced = { kind: 'http', method: request.method, url: request.url } as const
  const counted: Counted = { status: null, sent: 0, received: 0 }
  const started = performance.now()
  try {
    const body = request.body?.()
    body?.on('data', (chunk: Buffer) => {
      counted.sent += chunk.length
      progress.moved(chunk.length)
    })
    const response = await fetch(request.url, {
      method: request.method,
      headers: { ...baseHeaders(options), ...request.headers },
      redirect: 'manual',
      signal: AbortSignal.any([signal, progress.signal]),
      ...(body === undefined ? {} : { body }),
      agent: request.agent ?? connection.agent(false),
    })
    if (response.status === 407) throw proxyRefusal(way, response.status)
    counted.status = response.status
    refuseRedirect(response, request.url)
    const text = await readText(response, request, (bytes) => {
      counted.received += bytes
      progress.moved(bytes)
    })
    const retryAfter = parseRetryAfter(response.headers.get('retry-after'), Date.now())
    const date = parseDate(response.headers.get('date'))
    return { url: request.url, status: response.status, retryAfter, date, text }
  } catch (thrown) {
    throw failureOf(thrown, way, signal, progress)
  } finally {
    progress.stop()
    trace(() => ({ ...traced, ...counted, duration_ms: since(started) }))
  }
}

/** What moved so far, in bytes. */
interface Counted {
  status: number | null
  sent: number
  received: number
}

function parseDate(header: string | null): number | null {
  const date = Date.parse(header ?? '')
  return Number.isNaN(date) ? null : date
}

function baseHeaders(options: HttpOptions): Record<string, string> {
  const authorization = options.token === null ? {} : { authorization: `Bearer ${options.token}` }
  return { accept: 'application/json', 'user-agent': options.userAgent, ...authorization }
}

function refuseRedirect(response: Response, url: string): void {
  if (response.status < 300 || response.status > 399) return
  const target = printable(response.headers.get('location') ?? 'nowhere')
  throw new DeltaError('redirect-refused', `${url} redirects to ${target}; redirects are not followed.`, {
    facts: { url, target, status: response.status },
    next: 'If that is the right address, configure it as the endpoint.',
  })
}

async function readText(response: Response, request: HttpRequest, onMoved: (bytes: number) => void): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    const buffer = Buffer.from(chunk)
    onMoved(buffer.length)
    bytes += buffer.length
    if (bytes > request.longestAnswer) {
      throw new DeltaError('answer-malformed', `${request.url} answers with more than ${request.longestAnswer} bytes.`)
    }
    chunks.push(buffer)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function failureOf(thrown: unknown, way: Way, signal: AbortSignal, { end }: ProgressWatch): unknown {
  if (thrown instanceof DeltaError) return thrown
  if (signal.aborted) return new DeltaError('interrupted', 'Interrupted.', { cause: thrown })
  return end === null ? networkFailure(thrown, way) : stagnation(way, end, thrown)
}
