import { resolve } from 'node:path'
import type { Config } from '../config/config.js'
import { loadConfig } from '../config/load.js'
import type { ConfigFlags, LoadOptions } from '../config/sources.js'
import { locateWorkspace, type Workspace } from '../snapshot/workspace.js'
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
  const workspace = await locateWorkspace(args.directory, process.env)
  const hasFiles = workspace.kind !== 'bare'
  const options = { root: workspace.root, hasFiles, environment: process.env, flags: flagsOf(args) }
  return { workspace, options }
}

/** What the command line says of the configuration. */
export function flagsOf(args: ReceiverArguments): ConfigFlags {
  return {
    ...(args.endpoint === undefined ? {} : { endpoint: args.endpoint, enabled: true }),
    ...(args.local === true ? { enabled: false } : {}),
    ...(args.remote === true ? { enabled: true } : {}),
    ...(args.target === undefined ? {} : { target: args.target }),
    ...(args.workspacePath === undefined ? {} : { workspacePath: args.workspacePath }),
    ...(args.collection === undefined ? {} : { collectionName: args.collection }),
    ...(args.data === undefined ? {} : { dataDirectory: resolve(args.data) }),
  }
}
