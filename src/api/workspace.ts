import type { Config } from '../config/config.js'
import { loadConfig } from '../config/load.js'
import type { ConfigFlags, LoadOptions } from '../config/sources.js'
import { locateWorkspace, type Workspace } from '../snapshot/workspace.js'
import { definedOnly } from '../support/defined.js'

/** Which workspace, and which receiver. What is left out is as the configuration says, as for the command. */
export interface WorkspaceOptions extends ConfigFlags {
  /** A folder in the workspace. Default: where the process works. */
  readonly directory?: string
  /** Default: that of the process. */
  readonly environment?: NodeJS.ProcessEnv
}

/**
 * Finds the workspace of a folder, and its configuration with these settings on top. Throws `usage`,
 * `configuration-invalid`, `not-a-repository` or `repository-not-trusted`.
 */
export async function openWorkspace(options: WorkspaceOptions): Promise<{ workspace: Workspace; config: Config }> {
  const { workspace, load } = await findWorkspace(options)
  return { workspace, config: await loadConfig(load) }
}

/** The workspace, and where its configuration is to be read. */
export async function findWorkspace(options: WorkspaceOptions): Promise<{ workspace: Workspace; load: LoadOptions }> {
  const { directory = '.', environment = process.env } = options
  const workspace = await locateWorkspace(directory, environment)
  const hasFiles = workspace.kind !== 'bare'
  return { workspace, load: { root: workspace.root, hasFiles, environment, flags: settingsIn(options) } }
}

/** Who names an endpoint wants to upload to it. */
export function settingsIn(options: ConfigFlags): ConfigFlags {
  const { endpoint, enabled = endpoint === undefined ? undefined : true, ...others } = options
  const { target, workspacePath, pinned, collectionName, dataDirectory, allowInsecureHttp } = others
  const identity = { workspacePath, pinned, collectionName }
  return definedOnly({ endpoint, enabled, target, ...identity, dataDirectory, allowInsecureHttp })
}
