import { resolve } from 'node:path'
import {
  type FoundWorkspaces,
  findWorkspaces as findInApi,
  type OpenedWorkspace,
  openWorkspace as openInApi,
  settingsIn,
} from '../api/workspace.js'
import type { ConfigFlags } from '../config/sources.js'
import { definedOnly } from '../support/defined.js'
import type { CommonArguments, ReceiverArguments } from './arguments.js'

/** Finds the one workspace that a command works on, and its configuration with the flags on top. */
export async function openWorkspace(args: CommonArguments & ReceiverArguments): Promise<OpenedWorkspace> {
  return await openInApi({ directory: args.directory, ...flagsOf(args) })
}

/** Finds the workspaces that a command works on, with the flags on top of the configuration of each. */
export async function findWorkspaces(
  args: Pick<CommonArguments, 'directory'> & Partial<ReceiverArguments>,
): Promise<FoundWorkspaces> {
  return await findInApi({ directory: args.directory, ...flagsOf(args) })
}

/** What the command line says of the configuration. */
export function flagsOf(args: Partial<ReceiverArguments>): ConfigFlags {
  const { endpoint, target, workspacePath, pinned, collection: collectionName, data, allowInsecureHttp } = args
  const enabled = args.local === true ? false : args.remote === true ? true : undefined
  return settingsIn({
    ...definedOnly({ endpoint, enabled, target, workspacePath, pinned, collectionName, allowInsecureHttp }),
    ...(data === undefined ? {} : { dataDirectory: resolve(data) }),
  })
}
