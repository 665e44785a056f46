import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { ServerEvent } from '../receiver/server-events.js'
import { userDirectory } from '../snapshot/workspace.js'
import { DeltaError } from '../support/errors.js'
import { VERSION } from '../support/version.js'

/** Everything is as for `ce-delta serve` where it is left out. */
export interface ServeOptions {
  /** Default: 8080; 0 takes any free one. */
  readonly port?: number
  /** Default: loopback. Any other address needs a token. */
  readonly host?: string
  /** What clients must send. Default: nothing. */
  readonly token?: string
  /** Where the repositories are kept. Default: the user’s data folder. */
  readonly dataDirectory?: string
  /** Where the plain files are written, a folder for each workspace. Default: `mirrors` in the data folder. */
  readonly mirrorDirectory?: string
  /** Ends it in order, as `close` does. */
  readonly signal?: AbortSignal
  /** What `--json` prints, as it happens. */
  readonly onEvent?: (event: ServerEvent) => void
}

/** A receiver that runs. */
export interface Serving {
  readonly url: string
  readonly dataDirectory: string
  readonly mirrorDirectory: string
  /** Takes nothing new, finishes the uploads that are running, then ends. */
  close(): Promise<void>
  /** Settles when it has ended. */
  readonly closed: Promise<void>
}

/**
 * Receives pushes, each workspace into a repository and plain files of its own. Resolves when it listens. Rejects with a
 * `DeltaError` where it cannot: `usage`, or `already-running` where another one uses the data folder.
 */
export async function serve(options: ServeOptions = {}): Promise<Serving> {
  const { port = 8080, host = '127.0.0.1', token = null, onEvent = () => undefined, signal } = options
  checkPort(port)
  const dataDirectory = resolve(options.dataDirectory ?? userDirectory('data', process.env))
  const mirrorDirectory = resolve(options.mirrorDirectory ?? join(dataDirectory, 'mirrors'))
  await mkdir(mirrorDirectory, { recursive: true })
  const [{ ReceiverEngine }, { startServer }] = await Promise.all([
    import('../receiver/engine.js'),
    import('../receiver/server.js'),
  ])
  const engine = new ReceiverEngine({ dataDirectory, mirrorDirectory })
  const server = await startServer({ engine, dataDirectory, host, port, token, version: VERSION, onEvent })
  const ending = new AbortController()
  const asked = AbortSignal.any(signal === undefined ? [ending.signal] : [ending.signal, signal])
  const closed = aborted(asked).then(async () => await server.close())
  const close = async (): Promise<void> => {
    ending.abort()
    await closed
  }
  return { url: server.url, dataDirectory, mirrorDirectory, close, closed }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await new Promise((resolved) => signal.addEventListener('abort', resolved, { once: true }))
}

function checkPort(port: number): void {
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return
  throw new DeltaError('usage', `The port must be a whole number from 0 to 65535 (it is ${port}).`, {
    facts: { port },
    next: 'Take another one; 0 takes any that is free.',
  })
}
