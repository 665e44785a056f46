import { openAsBlob } from 'node:fs'
import { connect } from 'node:net'
import { afterEach } from '@jest/globals'
import type { BundleLimits } from '../../src/bundle/reader.js'
import type { IncomingBundle } from '../../src/receiver/engine.js'
import { type RunningServer, type ServerOptions, startServer } from '../../src/receiver/server.js'
import type { ServerEvent } from '../../src/receiver/server-events.js'
import { STATUS_PATH, TREE_PATH, UPLOAD_PATH } from '../../src/receiver/wire.js'
import { WORKSPACE } from './bundles.js'
import { type TestReceiver, testReceiver } from './receivers.js'

const running: RunningServer[] = []

afterEach(async () => {
  for (const server of running.splice(0)) await server.close()
})

export interface TestServer extends TestReceiver {
  readonly url: string
  readonly events: ServerEvent[]
  close(): Promise<void>
}

export async function testServer(
  options: Partial<ServerOptions> & { readonly limits?: Partial<BundleLimits>; readonly on?: TestReceiver } = {},
): Promise<TestServer> {
  const { limits, on, ...others } = options
  const receiver = on ?? (await testReceiver(limits))
  const events: ServerEvent[] = []
  const server = await startServer({
    engine: receiver.engine,
    dataDirectory: receiver.data,
    host: '127.0.0.1',
    port: 0,
    token: null,
    version: '1.2.3',
    onEvent: (event) => events.push(event),
    ...others,
  })
  running.push(server)
  return { ...receiver, url: server.url, events, close: () => server.close() }
}

/** What every upload answers that changed nothing. */
export const FAILED = {
  success: false,
  bundle_id: null,
  sequence_number: null,
  processed_operations: null,
  processing_time_ms: null,
  next_sequence: null,
  tree: null,
  mirror: null,
  replayed: false,
}

export interface Answer {
  readonly status: number
  readonly body: unknown
  readonly headers: Headers
}

export async function answerOf(response: Response): Promise<Answer> {
  return { status: response.status, body: await response.json(), headers: response.headers }
}

/** The form of an upload; `undefined` leaves a field out. */
export async function formOf(
  bundle: IncomingBundle,
  fields: Readonly<Record<string, string | undefined>> = {},
): Promise<FormData> {
  const form = new FormData()
  form.set('bundle', await openAsBlob(bundle.path), 'bundle.tar.gz')
  for (const [name, value] of Object.entries({ workspace_path: bundle.workspacePath, ...fields })) {
    if (value !== undefined) form.set(name, value)
  }
  return form
}

export async function upload(
  { url }: TestServer,
  bundle: IncomingBundle,
  fields: Readonly<Record<string, string | undefined>> = {},
): Promise<Answer> {
  return await answerOf(await fetch(url + UPLOAD_PATH, { method: 'POST', body: await formOf(bundle, fields) }))
}

export async function statusOf({ url }: TestServer, workspace = WORKSPACE): Promise<Answer> {
  return await answerOf(await fetch(`${url}${STATUS_PATH}?${new URLSearchParams({ workspace_path: workspace })}`))
}

export async function treeOf({ url }: TestServer, workspace = WORKSPACE): Promise<unknown[]> {
  const response = await fetch(`${url}${TREE_PATH}?${new URLSearchParams({ workspace_path: workspace })}`)
  return (await response.text())
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line))
}

/** Sends bytes as they are, piece by piece, and returns all that came until the other side hung up or was silent. */
export async function converse(
  { url }: TestServer,
  pieces: readonly (string | Uint8Array)[],
  { pause = 0, silence = 500 }: { readonly pause?: number; readonly silence?: number } = {},
): Promise<string> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  let text = ''
  const over = new Promise<void>((resolve) => {
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      socket.setTimeout(silence, resolve)
    })
    socket.on('error', () => resolve())
    socket.on('close', () => resolve())
  })
  for (const piece of pieces) {
    socket.write(piece)
    if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause))
  }
  await over
  socket.destroy()
  return text
}

/** A request as it goes over the wire, with a body of a form made by hand. */
export function rawUpload(body: string | Uint8Array, headers: Readonly<Record<string, string>> = {}): Uint8Array {
  const bytes = Buffer.from(body)
  const all = {
    host: 'localhost',
    'content-type': 'multipart/form-data; boundary=XX',
    'content-length': String(bytes.length),
    ...headers,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.concat([Buffer.from(`POST ${UPLOAD_PATH} HTTP/1.1\r\n${lines.join('')}\r\n`), bytes])
}
