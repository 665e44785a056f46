import { nearestOf } from '../support/nearest.js'
import type { UserConfig } from './config.js'
import { type ConfigFile, readConfigFiles } from './config-file.js'
import { type EnvironmentSettings, readEnvironment } from './environment.js'
import { invalid, parseUserConfig, together } from './parse.js'

/** What a command line may set; it wins over everything else. */
export type ConfigFlags = Pick<
  UserConfig,
  | 'endpoint'
  | 'workspacePath'
  | 'pinned'
  | 'collectionName'
  | 'dataDirectory'
  | 'enabled'
  | 'target'
  | 'allowInsecureHttp'
>

export interface LoadOptions {
  /** Where the configuration stands: the root of the work tree. */
  readonly root: string
  /** Which of the workspaces in the configuration; null where the root is the one workspace. */
  readonly folder?: string | null
  /** A bare repository has no files, so no configuration file either. */
  readonly hasFiles: boolean
  readonly environment: NodeJS.ProcessEnv
  readonly flags: ConfigFlags
}

/** What each place says, checked. */
export interface ConfigSources {
  readonly flags: UserConfig
  readonly environment: EnvironmentSettings
  /** The one that is not committed first: what it says wins. */
  readonly files: readonly ConfigFile[]
  /** The root of the work tree. */
  readonly root: string
  /** The variables that `environment` was read from. */
  readonly variables: NodeJS.ProcessEnv
}

/** Reads and checks every place. Throws `configuration-invalid` with the problems of all of them at once. */
export async function readSources(options: LoadOptions): Promise<ConfigSources> {
  const [flags, environment, files] = await Promise.allSettled([
    (async () => parseUserConfig(options.flags, 'The command line'))(),
    (async () => readEnvironment(options.environment))(),
    options.hasFiles ? readConfigFiles(options.root) : [],
  ])
  if (flags.status === 'fulfilled' && environment.status === 'fulfilled' && files.status === 'fulfilled') {
    const { environment: variables, root } = options
    const sources = { flags: flags.value, environment: environment.value, files: files.value, root, variables }
    checkTarget(sources)
    return sources
  }
  throw together([flags, environment, files].flatMap((place) => (place.status === 'rejected' ? [place.reason] : [])))
}

/** The target that counts, and the place that names it; null where there is none. */
export function chosenTarget({ flags, environment, files }: ConfigSources): { name: string; source: string } | null {
  const places = [
    { name: flags.target, source: 'command line' },
    { name: environment.target, source: 'CE_DELTA_TARGET' },
    ...files.map(({ config, file }) => ({ name: config.target, source: file })),
  ]
  for (const { name, source } of places) if (name !== undefined) return { name, source }
  return null
}

function checkTarget(sources: ConfigSources): void {
  const chosen = chosenTarget(sources)
  const known = [...new Set(sources.files.flatMap(({ config }) => Object.keys(config.targets ?? {})))]
  if (chosen === null || known.includes(chosen.name)) return
  const nearest = nearestOf(chosen.name, known)
  const suggestion = nearest === null ? '' : ` (did you mean ${nearest}?)`
  const allowed = known.length === 0 ? 'no targets are configured' : `it may be ${known.join(', ')}`
  throw invalid(chosen.source, [`target ${JSON.stringify(chosen.name)} is not known${suggestion}; ${allowed}`])
}
