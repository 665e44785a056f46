import { resolve } from 'node:path'
import { findWorkspace, settingsIn } from '../api/workspace.js'
import type { Config } from '../config/config.js'
import { loadConfig } from '../config/load.js'
import type { ConfigFlags, LoadOptions } from '../config/sources.js'
import type { Workspace } from '../snapshot/workspace.js'
import { definedOnly } from '../support/defined.js'
import type { CommonArguments, ReceiverArguments } from './arguments.js'

/** Finds the workspace that a command works on, and its configuration with the flags on top. */
export async function openWorkspace(
  args: CommonArguments & ReceiverArguments,
): Promise<{ workspace: Workspace; config: Config }> {
  const { workspace, options } = await loadOptions(args)
  return { workspace, config: await loadConfig(options) }
}

/** The workspace that a command works on, and where its configuration is to be read. */
export async function loadOptions(
  args: CommonArguments & ReceiverArguments,
): Promise<{ workspace: Workspace; options: LoadOptions }> {
  const { workspace, load } = await findWorkspace({ directory: args.directory, ...flagsOf(args) })
  return { workspace, options: load }
}

/** What the command line says of the configuration. */
export function flagsOf(args: ReceiverArguments): ConfigFlags {
  const { endpoint, target, workspacePath, pinned, collection: collectionName, data, allowInsecureHttp } = args
  const enabled = args.local === true ? false : args.remote === true ? true : undefined
  return settingsIn({
    ...definedOnly({ endpoint, enabled, target, workspacePath, pinned, collectionName, allowInsecureHttp }),
    ...(data === undefined ? {} : { dataDirectory: resolve(data) }),
  })
}
