import { findWorkspaces } from '../../api/workspace.js'
import type { Config } from '../../config/config.js'
import type { Workspace } from '../../snapshot/workspace.js'
import { DeltaError } from '../../support/errors.js'
import type { CommonArguments } from '../arguments.js'
import { flagsOf } from '../open-workspace.js'

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
  const { directory, json, quiet, verbose, debug, color, target, allowInsecureHttp } = args
  const receiver = { local: undefined, remote: undefined, workspacePath: undefined, pinned: undefined }
  const common = { directory, json, quiet, verbose, debug, color, target, allowInsecureHttp }
  const endpoint = args.server ?? (process.env.CTXCE_AUTH_BACKEND_URL?.trim() || undefined)
  const flags = { ...common, ...receiver, endpoint, collection: undefined, data: undefined }
  // One login is for all workspaces of a repository.
  const { folders, open } = await findWorkspaces({ directory, ...flagsOf(flags) })
  const { workspace, config } = await open(folders[0] ?? null)
  if (config.endpoint !== null) return { endpoint: config.endpoint, workspace, config }
  throw new DeltaError('usage', 'Which server? None is configured here.', {
    next: 'Name it, for example: ce-delta login https://context.example.com',
  })
}
