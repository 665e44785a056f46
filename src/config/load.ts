import { join, resolve } from 'node:path'
import { ruleForFolder } from '../snapshot/rule-for-folder.js'
import { NOT_SECRET_NAMES, SECRET_NAMES } from '../snapshot/secrets.js'
import { userDirectory } from '../snapshot/workspace.js'
import { readBaseline } from './baseline.js'
import type { Config } from './config.js'
import { type Credentials, credentialsFor, NO_CREDENTIALS } from './credentials.js'
import { parseFileSize } from './file-size.js'
import { layersOf, merge } from './layers.js'
import { type ConfigSources, chosenTarget, type LoadOptions, readSources } from './sources.js'

const DEFAULT_ENDPOINT = 'http://localhost:8080'
const DEFAULT_MAX_FILE_BYTES = 5 * 1024 * 1024

/** Merges flags over environment over configuration files over defaults, and checks all of it. */
export async function loadConfig(options: LoadOptions): Promise<Config> {
  return await resolveConfig(options, await readSources(options))
}

/** Decides every setting: the first place that says something wins. */
export async function resolveConfig(options: LoadOptions, sources: ConfigSources): Promise<Config> {
  const { environment } = options
  const settings = merge(layersOf(sources, options.folder ?? null))
  const isRemote = settings.enabled ?? settings.endpoint !== undefined
  const endpoint = isRemote ? (settings.endpoint ?? DEFAULT_ENDPOINT).replace(/\/+$/, '') : null
  const root = join(options.root, options.folder ?? '')
  const dataDirectory = resolve(options.root, settings.dataDirectory ?? userDirectory('data', environment))
  return {
    endpoint,
    credentials: endpoint === null ? NO_CREDENTIALS : await credentialsOf(endpoint, sources),
    allowInsecureHttp: settings.allowInsecureHttp ?? false,
    caFile: sources.environment.access?.caFile ?? null,
    workspacePath: settings.workspacePath ?? null,
    pinned: settings.pinned ?? false,
    collectionName: settings.collectionName ?? null,
    maxRetries: settings.maxRetries ?? 3,
    timeoutSeconds: settings.timeout ?? 30,
    fallback: settings.fallback ?? 'none',
    recovery: settings.recovery ?? 'resync',
    afterPush: settings.afterPush ?? null,
    // What the embedded receiver keeps may lie inside the workspace, and is no part of it.
    exclude: [...(settings.exclude ?? []), ...ruleForFolder(root, dataDirectory)],
    maxFileBytes: settings.maxFileSize === undefined ? DEFAULT_MAX_FILE_BYTES : parseFileSize(settings.maxFileSize),
    binaries: settings.binaries ?? false,
    nestedRepositories: settings.nestedRepositories ?? 'include',
    secretNames: [...SECRET_NAMES, ...(settings.secrets?.names ?? [])],
    allowedNames: [...NOT_SECRET_NAMES, ...(settings.secrets?.allow ?? [])],
    secretScan: settings.secrets?.scan ?? 'skip',
    acceptedSecrets: options.hasFiles ? await readBaseline(root) : [],
    gitHistory: settings.gitHistory ?? 0,
    dataDirectory,
    target: chosenTarget(sources)?.name ?? null,
    file: sources.files.at(-1)?.file ?? null,
  }
}

/**
 * Only the user's own command line and environment are trusted to say where their credentials may go. A target is what a file
 * of the repository says, even where the command line names it.
 */
async function credentialsOf(endpoint: string, sources: ConfigSources): Promise<Credentials> {
  const { flags, environment, variables } = sources
  const trustedEndpoint = flags.endpoint ?? environment.endpoint ?? null
  const fromEnvironment = environment.access ?? {}
  return await credentialsFor({ endpoint, trustedEndpoint, fromEnvironment, environment: variables })
}
