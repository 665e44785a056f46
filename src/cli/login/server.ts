import type { Config } from '../../config/config.js'
import type { Workspace } from '../../snapshot/workspace.js'
import { DeltaError } from '../../support/errors.js'
import type { CommonArguments } from '../arguments.js'
import { findWorkspaces } from '../open-workspace.js'

export interface ServerArguments extends CommonArguments {
  readonly server: string | undefined
  readonly target?: string | undefined
  readonly allowInsecureHttp: boolean | undefined
}

export interface NamedServer {
  readonly endpoint: string
  readonly workspace: Workspace
  readonly config: Config
}

/** The server that a command is about: the one that it names, or the one that is configured here. Throws `usage`. */
export async function namedServer(args: ServerArguments): Promise<NamedServer> {
  const { directory, target, allowInsecureHttp } = args
  const endpoint = args.server ?? (process.env.CTXCE_AUTH_BACKEND_URL?.trim() || undefined)
  // One login is for all workspaces of a repository.
  const { folders, open } = await findWorkspaces({ directory, endpoint, target, allowInsecureHttp })
  const { workspace, config } = await open(folders[0] ?? null)
  if (config.endpoint !== null) return { endpoint: config.endpoint, workspace, config }
  throw new DeltaError('usage', 'Which server? None is configured here.', {
    next: 'Name it, for example: ce-delta login https://context.example.com',
  })
}
