import { createHash } from 'node:crypto'
import { realpathSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import type { Config } from './config/config.js'
import { lastPart, pinnedPath, withForwardSlashes } from './config/translated-path.js'
import { embeddedReceiver } from './delivery/embedded-receiver.js'
import type { Receiver } from './delivery/receiver.js'
import { ReceiverEngine } from './receiver/engine.js'
import { userDirectory, type Workspace } from './snapshot/workspace.js'

/** How a workspace is called at the receiver. */
export interface Identity {
  readonly workspacePath: string
  readonly collectionName: string
  /** Left out where it is not known here: for what was made on another machine. */
  readonly origin?: WorkspaceOrigin
}

/** What servers are told of the place that a workspace is at on this machine (protocol.md §1, §5). */
export interface WorkspaceOrigin {
  readonly sourcePath: string
  /** The same for all work trees of one clone. */
  readonly logicalRepoId: string
}

export function identityOf(workspace: Workspace, config: Config): Identity {
  const { root } = workspace
  const path = config.workspacePath ?? withForwardSlashes(root)
  const workspacePath = config.pinned ? pinnedPath(path, digest('sha256', `${hostname()}\n${root}`)) : path
  const name = (workspace.part === null && lastPart(workspacePath)) || workspace.name
  return {
    workspacePath,
    collectionName: config.collectionName ?? `${name}-${digest('sha256', name).slice(0, 8)}`,
    origin: { sourcePath: root, logicalRepoId: logicalRepoId(workspace) },
  }
}

/** The id that the reference client computes, so that both mean the same (protocol.md §5). */
function logicalRepoId({ root, git }: Workspace): string {
  if (git === null) return `fs:${digest('sha1', root).slice(0, 16)}`
  return `git:${digest('sha1', realpathSync(dirname(git.objectDirectory))).slice(0, 16)}`
}

function digest(algorithm: 'sha1' | 'sha256', text: string): string {
  return createHash(algorithm).update(text).digest('hex')
}

/** The receiver that the configuration names: a server, or the embedded one. What is not needed is not loaded. */
export async function receiverFor(config: Config, identity: Identity): Promise<Receiver> {
  if (config.endpoint === null) return localReceiver(config, identity)
  const [{ accessTo }, { httpReceiver }, { fileMemory }, { hidingSecrets }] = await Promise.all([
    import('./access.js'),
    import('./delivery/http-receiver.js'),
    import('./delivery/dialects/memory.js'),
    import('./delivery/hide-secrets.js'),
  ])
  const { session, ...access } = await accessTo(config.endpoint, config, process.env)
  const { workspacePath, collectionName, origin } = identity
  const receiver = httpReceiver({
    ...access,
    workspacePath,
    collectionName,
    isCollectionDerived: config.collectionName === null,
    endpoint: config.endpoint,
    extras: {
      session,
      source_path: origin?.sourcePath ?? null,
      logical_repo_id: origin?.logicalRepoId ?? null,
    },
    memory: fileMemory(join(userDirectory('state', process.env), 'servers'), config.endpoint),
  })
  return hidingSecrets(
    receiver,
    [access.token, session].filter((secret) => secret !== null),
  )
}

export function localReceiver(config: Config, identity: Identity): Receiver {
  const dataDirectory = config.dataDirectory
  const engine = new ReceiverEngine({ dataDirectory, mirrorDirectory: join(dataDirectory, 'mirrors') })
  return embeddedReceiver(engine, identity.workspacePath, identity.collectionName, dataDirectory)
}
