import { realpath } from 'node:fs/promises'
import { relative } from 'node:path'
import type { Config } from '../config/config.js'
import { foldersIn } from '../config/folders.js'
import { resolveConfig } from '../config/load.js'
import { type ConfigFlags, type ConfigSources, type LoadOptions, readSources } from '../config/sources.js'
import { innermost, workspaceInFolder } from '../snapshot/folder-workspace.js'
import { locateWorkspace, type Workspace } from '../snapshot/workspace.js'
import { definedOnly } from '../support/defined.js'
import { DeltaError } from '../support/errors.js'

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
export async function openWorkspace(options: WorkspaceOptions): Promise<OpenedWorkspace> {
  const { folders, open } = await findWorkspaces(options)
  return await open(oneOf(folders))
}

/** The one workspace that is meant. Throws `usage` where there are several. */
export function oneOf(folders: readonly (string | null)[]): string | null {
  const [folder = null, ...others] = folders
  if (others.length === 0) return folder
  throw new DeltaError('usage', `There are several workspaces here: ${folders.join(', ')}.`, {
    facts: { workspaces: folders.length },
    next: `Name one of them by its folder, for example: -C ${folder}`,
  })
}

export interface OpenedWorkspace {
  readonly workspace: Workspace
  readonly config: Config
}

export interface FoundWorkspaces {
  /** The root of the work tree, where the configuration stands. */
  readonly whole: Workspace
  readonly sources: ConfigSources
  /** Where the configuration of a folder is to be read. */
  readonly load: (folder: string | null) => LoadOptions
  /** Those that are meant, at least one; null: the root is the one workspace. */
  readonly folders: readonly (string | null)[]
  readonly open: (folder: string | null) => Promise<OpenedWorkspace>
}

/**
 * The workspaces that are meant in a directory: in one of the folders that the configuration lists, that one; at the root
 * or in none of them, all.
 */
export async function findWorkspaces(options: WorkspaceOptions): Promise<FoundWorkspaces> {
  const { directory = '.', environment = process.env } = options
  const whole = await locateWorkspace(directory, environment)
  const hasFiles = whole.kind !== 'bare'
  const load = (folder: string | null): LoadOptions => {
    return { root: whole.root, folder, hasFiles, environment, flags: settingsIn(options) }
  }
  const sources = await readSources(load(null))
  const open = async (folder: string | null): Promise<OpenedWorkspace> => {
    const workspace = folder === null ? whole : await workspaceInFolder(whole, folder, environment)
    return { workspace, config: await resolveConfig(load(folder), sources) }
  }
  const listed = foldersIn(sources)
  const here = relative(whole.root, await realpath(directory))
  const around = here === '' ? null : innermost(listed, here)
  const folders = around !== null ? [around] : listed.length === 0 ? [null] : listed
  return { whole, sources, load, folders, open }
}

/** Who names an endpoint wants to upload to it. */
export function settingsIn(options: ConfigFlags): ConfigFlags {
  const { endpoint, enabled = endpoint === undefined ? undefined : true, ...others } = options
  const { target, workspacePath, pinned, collectionName, dataDirectory, allowInsecureHttp } = others
  const identity = { workspacePath, pinned, collectionName }
  return definedOnly({ endpoint, enabled, target, ...identity, dataDirectory, allowInsecureHttp })
}
