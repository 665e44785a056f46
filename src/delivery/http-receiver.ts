import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import type { Agent } from 'node:http'
import { Readable } from 'node:stream'
import { MORE_FOLLOW_FIELD, STATUS_PATH, TREE_PATH, UPLOAD_PATH } from '../receiver/wire.js'
import { DeltaError } from '../support/errors.js'
import type { TreeFile } from '../support/git-objects.js'
import { directConnection } from './connection.js'
import { DIALECTS, type Dialect, type ExtraField } from './dialects/dialect.js'
import { type DialectMemory, shortMemory } from './dialects/memory.js'
import { type Ask, Recogniser } from './dialects/recognise.js'
import { areOfSeveral } from './dialects/several-counters.js'
import { receiverKey } from './embedded-receiver.js'
import { parseListing, parseStatus, parseUploadAnswer, type ToldStatus } from './http-answers.js'
import { exchange, type HttpOptions } from './http-exchange.js'
import { applyPlain, askLacking, type FormFields, jsonBody, type PostJson } from './plan-requests.js'
import type { Receiver, Upload } from './receiver.js'

export interface HttpReceiverOptions extends HttpOptions {
  /** Without a slash at the end. */
  readonly endpoint: string
  readonly workspacePath: string
  readonly collectionName: string
  /** The collection was made up here and not asked for by anybody. */
  readonly isCollectionDerived?: boolean
  /** Values of fields that only some servers are told (protocol.md §1); none where left out or null. */
  readonly extras?: { readonly [Name in ExtraField]: string | null }
  /** What is known of the server from earlier; left out, it is found out anew. */
  readonly memory?: DialectMemory
}

const MEGABYTE = 1 << 20

/** So many times longer may a server be silent that applies a bundle before it answers. */
const MORE_PATIENCE = 10

/** So many connections are asked for the sequence beside the one that is kept: another process is found by chance. */
const OTHER_CONNECTIONS = 8

/** A receiver that speaks the specified API over HTTP: our own, or a server of any generation. */
export function httpReceiver(options: HttpReceiverOptions): Receiver {
  const { endpoint, workspacePath } = options
  const agent = (options.connection ?? directConnection(endpoint)).agent(true)
  const query = `?workspace_path=${encodeURIComponent(workspacePath)}`
  const recogniser = new Recogniser(options.memory ?? shortMemory(), quietly(options, agent))
  const told = async (signal: AbortSignal, connection: { readonly agent?: Agent }): Promise<ToldStatus> => {
    const url = `${endpoint}${STATUS_PATH}${query}`
    return parseStatus(await exchange({ method: 'GET', url, longestAnswer: MEGABYTE, ...connection }, options, signal))
  }
  const post: PostJson = async (path, body, signal) => {
    const request = { method: 'POST', url: `${endpoint}${path}`, longestAnswer: 64 * MEGABYTE, agent } as const
    return await exchange({ ...request, ...jsonBody(body) }, options, signal)
  }
  let dialect: Dialect = DIALECTS.unknown
  const identity = (): FormFields => fieldsFor(dialect, options)
  return {
    name: endpoint,
    key: receiverKey(endpoint, workspacePath),
    async status(signal) {
      const { shown, ...status } = await told(signal, { agent })
      dialect = await recogniser.dialect(shown, signal)
      return { ...status, dialect, hasSeveralCounters: recogniser.hasSeveralCounters }
    },
    async upload(upload, signal) {
      const plain = dialect.plans && upload.plain !== undefined
      const done = plain ? await applyPlain(post, identity(), upload, upload.plain, signal) : null
      if (done !== null) return done
      const own = upload.moreFollow === true && dialect.proof === 'tree' ? { [MORE_FOLLOW_FIELD]: 'true' } : {}
      const form = multipart({ ...identity(), ...own }, upload)
      const url = `${endpoint}${UPLOAD_PATH}`
      const idleTimeout = options.idleTimeout * (answersLate(dialect) ? MORE_PATIENCE : 1)
      const request = { method: 'POST', url, longestAnswer: MEGABYTE, agent, idleTimeout, ...form } as const
      const result = parseUploadAnswer(await exchange(request, options, signal), upload)
      if (result.kind !== 'queued' && result.kind !== 'applied') return result
      if (result.kind === 'queued' && isReplay(dialect)) return { kind: 'sequence mismatch', expected: null }
      if (dialect.proof !== 'tree') await recogniser.learnAnswer(result.kind)
      return result
    },
    async listTree(signal): Promise<TreeFile[]> {
      const url = `${endpoint}${TREE_PATH}${query}`
      return parseListing(await exchange({ method: 'GET', url, longestAnswer: 512 * MEGABYTE }, options, signal))
    },
    async lacking(files, signal) {
      return dialect.plans ? await askLacking(post, identity(), files, signal) : null
    },
    async counters(signal) {
      // The connection that is kept comes last as well: what it was told first then comes back.
      const connections = [{ agent }, ...Array.from({ length: OTHER_CONNECTIONS }, () => ({})), { agent }]
      const sequences: number[] = []
      for (const connection of connections) sequences.push((await told(signal, connection)).sequence)
      const areSeveral = areOfSeveral(sequences)
      if (areSeveral) await recogniser.learnSeveralCounters()
      return { sequences, areSeveral }
    },
    forget: () => recogniser.forget(),
  }
}

/**
 * A server that applies before it answers, and does not say what it applied, has applied nothing: the number was taken
 * before, by us or by another writer, and it did not look at the bundle (protocol.md §3, faults.md 0.1).
 */
function isReplay({ proof }: Dialect): boolean {
  return proof === 'answer' || proof === 'tree'
}

/** While such a server applies a bundle nothing moves; with what it indexes meanwhile, that may take long. */
function answersLate({ proof }: Dialect): boolean {
  return proof === 'answer' || proof === 'answer or status'
}

/** What says which workspace it is, and who asks, in a form or a body of JSON. */
function fieldsFor({ extraFields, choosesCollection }: Dialect, options: HttpReceiverOptions): FormFields {
  const { workspacePath, collectionName, isCollectionDerived = false, extras } = options
  const values = extraFields.map((name) => [name, extras?.[name] ?? null] as const)
  return {
    workspace_path: workspacePath,
    ...(choosesCollection && isCollectionDerived ? {} : { collection_name: collectionName }),
    ...Object.fromEntries(values.filter(([, value]) => value !== null)),
  }
}

/** Asks what a server without such an address answers in whatever way: a redirect or a page is an answer too. */
function quietly(options: HttpReceiverOptions, agent: Agent): Ask {
  return async (method, path, signal) => {
    const url = `${options.endpoint}${path}`
    try {
      const request = { method, url, longestAnswer: 8 * MEGABYTE, agent, ...(method === 'POST' ? jsonBody({}) : {}) }
      return await exchange(request, options, signal)
    } catch (thrown) {
      if (!(thrown instanceof DeltaError)) throw thrown
      if (thrown.code !== 'redirect-refused' && thrown.code !== 'answer-malformed') throw thrown
      return { url, status: 0, retryAfter: null, date: null, text: '' }
    }
  }
}

/**
 * The form of an upload, streamed from disk with a known length. The boundary is random, so no content can end a part
 * (faults.md §4.1).
 */
function multipart(fields: FormFields, upload: Upload) {
  const boundary = `ce-delta-${randomUUID()}`
  const field = (name: string, value: string): string =>
    `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
  const head = Buffer.from(
    Object.entries(fields)
      .map(([name, value]) => field(name, value))
      .join('') +
      (upload.sequence === null ? '' : field('sequence_number', String(upload.sequence))) +
      `--${boundary}\r\nContent-Disposition: form-data; name="bundle"; filename="${upload.bundleId}.tar.gz"\r\n` +
      'Content-Type: application/gzip\r\n\r\n',
  )
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`)
  const body = async function* (): AsyncGenerator<Buffer> {
    yield head
    let sent = 0
    for await (const chunk of createReadStream(upload.path, { highWaterMark: 1 << 18 })) {
      sent += chunk.length
      yield chunk
      upload.onSent?.(sent)
    }
    if (sent !== upload.bytes) throw new DeltaError('disk-failed', 'The bundle changed while it was sent.')
    yield tail
  }
  return {
    headers: {
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'content-length': String(head.length + upload.bytes + tail.length),
    },
    body: () => Readable.from(body(), { objectMode: false, highWaterMark: 1 << 18 }),
  }
}
