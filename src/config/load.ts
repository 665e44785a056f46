import { resolve } from 'node:path'
import { ruleForFolder } from '../snapshot/ignore-rules.js'
import { NOT_SECRET_NAMES, SECRET_NAMES } from '../snapshot/secrets.js'
import { userDirectory } from '../snapshot/workspace.js'
import { DeltaError } from '../support/errors.js'
import { readBaseline } from './baseline.js'
import type { Config, UserConfig } from './config.js'
import { type ConfigFile, readConfigFile } from './config-file.js'
import { credentialsFor, NO_CREDENTIALS } from './credentials.js'
import { type EnvironmentSettings, readEnvironment } from './environment.js'
import { parseFileSize, parseUserConfig } from './schema.js'
import { translatedPath } from './translated-path.js'

/** What a command line may set; it wins over everything else. */
export type ConfigFlags = Pick<
  UserConfig,
  'endpoint' | 'workspacePath' | 'pinned' | 'collectionName' | 'dataDirectory' | 'enabled' | 'allowInsecureHttp'
>

export interface LoadOptions {
  readonly root: string
  /** A bare repository has no files, so no configuration file either. */
  readonly hasFiles: boolean
  readonly environment: NodeJS.ProcessEnv
  readonly flags: ConfigFlags
}

const DEFAULT_ENDPOINT = 'http://localhost:8080'
const DEFAULT_MAX_FILE_BYTES = 5 * 1024 * 1024

/** What each place says, checked. */
export interface ConfigSources {
  readonly flags: UserConfig
  readonly environment: EnvironmentSettings
  readonly file: ConfigFile | null
}

/** Reads and checks every place. Throws `configuration-invalid` with the problems of all of them at once. */
export async function readSources(options: LoadOptions): Promise<ConfigSources> {
  const [flags, environment, file] = await Promise.allSettled([
    (async () => parseUserConfig(options.flags, 'The command line'))(),
    (async () => readEnvironment(options.environment))(),
    options.hasFiles ? readConfigFile(options.root) : null,
  ])
  if (flags.status === 'fulfilled' && environment.status === 'fulfilled' && file.status === 'fulfilled')
    return { flags: flags.value, environment: environment.value, file: file.value }
  throw together([flags, environment, file].flatMap((place) => (place.status === 'rejected' ? [place.reason] : [])))
}

/** Several places with problems are one failure; anything else than a wrong setting is told alone. */
function together(failures: readonly unknown[]): unknown {
  const wrong: DeltaError[] = []
  for (const failure of failures) {
    if (!(failure instanceof DeltaError) || failure.code !== 'configuration-invalid') return failure
    wrong.push(failure)
  }
  if (wrong.length === 1) return wrong[0]
  return new DeltaError('configuration-invalid', wrong.map(({ message }) => message).join('\n  '), {
    facts: { places: wrong.length },
    next: 'Correct them; the configuration reference is in docs/configuration.md.',
  })
}

/** Merges flags over environment over configuration file over defaults, and checks all of it. */
export async function loadConfig(options: LoadOptions): Promise<Config> {
  return await resolveConfig(options, await readSources(options))
}

/** Decides every setting: the first place that says something wins. */
export async function resolveConfig(options: LoadOptions, sources: ConfigSources): Promise<Config> {
  const { environment } = options
  const { flags: checkedFlags, environment: fromEnvironment, file: found } = sources
  const merged = { ...found?.config, ...fromEnvironment, ...checkedFlags }
  const isRemote = merged.enabled ?? merged.endpoint !== undefined
  const endpoint = isRemote ? (merged.endpoint ?? DEFAULT_ENDPOINT).replace(/\/+$/, '') : null
  const trusted = checkedFlags.endpoint ?? fromEnvironment.endpoint ?? null
  const dataDirectory = resolve(options.root, merged.dataDirectory ?? userDirectory('data', environment))
  return {
    endpoint,
    credentials:
      endpoint === null
        ? NO_CREDENTIALS
        : await credentialsFor({ endpoint, trustedEndpoint: trusted, fromEnvironment, environment }),
    allowInsecureHttp: merged.allowInsecureHttp ?? false,
    caFile: fromEnvironment.caFile === undefined ? null : resolve(fromEnvironment.caFile),
    workspacePath: merged.workspacePath ?? translatedPath(options.root, environment),
    pinned: merged.pinned ?? false,
    collectionName: merged.collectionName ?? null,
    maxRetries: merged.maxRetries ?? 3,
    timeoutSeconds: merged.timeout ?? 30,
    fallback: merged.fallback ?? 'none',
    recovery: merged.recovery ?? 'resync',
    afterPush: merged.afterPush ?? null,
    // What the embedded receiver keeps may lie inside the workspace, and is no part of it.
    exclude: [...(merged.exclude ?? []), ...ruleForFolder(options.root, dataDirectory)],
    maxFileBytes: merged.maxFileSize === undefined ? DEFAULT_MAX_FILE_BYTES : parseFileSize(merged.maxFileSize),
    binaries: merged.binaries ?? false,
    nestedRepositories: merged.nestedRepositories ?? 'include',
    secretNames: [...SECRET_NAMES, ...(merged.secrets?.names ?? [])],
    allowedNames: [...NOT_SECRET_NAMES, ...(merged.secrets?.allow ?? [])],
    secretScan: merged.secrets?.scan ?? 'skip',
    acceptedSecrets: options.hasFiles ? await readBaseline(options.root) : [],
    dataDirectory,
    file: found?.file ?? null,
  }
}
