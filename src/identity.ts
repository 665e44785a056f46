import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Config } from './config/config.js'
import { embeddedReceiver } from './delivery/embedded-receiver.js'
import type { Receiver } from './delivery/receiver.js'
import { ReceiverEngine } from './receiver/engine.js'
import { userDirectory, type Workspace } from './snapshot/workspace.js'
import { VERSION } from './support/version.js'

/** How a workspace is called at the receiver. */
export interface Identity {
  readonly workspacePath: string
  readonly collectionName: string
}

export function identityOf(workspace: Workspace, config: Config): Identity {
  const digits = createHash('sha256').update(workspace.name).digest('hex').slice(0, 8)
  return {
    workspacePath: config.workspacePath ?? workspace.root,
    collectionName: config.collectionName ?? `${workspace.name}-${digits}`,
  }
}

/** The receiver that the configuration names: a server, or the embedded one. What is not needed is not loaded. */
export async function receiverFor(config: Config, identity: Identity): Promise<Receiver> {
  if (config.endpoint === null) return localReceiver(config, identity)
  const [{ httpReceiver }, { fileMemory }] = await Promise.all([
    import('./delivery/http-receiver.js'),
    import('./delivery/dialects/memory.js'),
  ])
  return httpReceiver({
    ...identity,
    endpoint: config.endpoint,
    token: config.token,
    idleTimeout: config.timeoutSeconds * 1000,
    userAgent: `ce-delta/${VERSION}`,
    memory: fileMemory(join(userDirectory('state', process.env), 'servers'), config.endpoint),
  })
}

export function localReceiver(config: Config, identity: Identity): Receiver {
  const dataDirectory = config.dataDirectory
  const engine = new ReceiverEngine({ dataDirectory, mirrorDirectory: join(dataDirectory, 'mirrors') })
  return embeddedReceiver(engine, identity.workspacePath, identity.collectionName, dataDirectory)
}
