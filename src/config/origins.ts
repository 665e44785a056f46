import type { Config, SecretSettings, Settings } from './config.js'
import { layersOf, originOf } from './layers.js'
import { type ConfigSources, chosenTarget } from './sources.js'

/** A setting as it was decided, and the place that decided it. */
export interface DecidedSetting {
  /** As it is written in a configuration file. */
  readonly name: string
  readonly value: boolean | number | string | readonly string[] | null
  /** `default`, `command line`, the name of a variable, or the path of a file. */
  readonly origin: string
}

type Decision = (config: Config) => DecidedSetting['value']

/** Every setting that a user may write. A new one that is missing here does not compile. */
const DECISIONS: { readonly [Name in Exclude<keyof Settings, 'secrets'>]: Decision } = {
  endpoint: ({ endpoint }) => endpoint,
  enabled: ({ endpoint }) => endpoint !== null,
  workspacePath: ({ workspacePath }) => workspacePath,
  pinned: ({ pinned }) => pinned,
  collectionName: ({ collectionName }) => collectionName,
  maxRetries: ({ maxRetries }) => maxRetries,
  timeout: ({ timeoutSeconds }) => timeoutSeconds,
  allowInsecureHttp: ({ allowInsecureHttp }) => allowInsecureHttp,
  fallback: ({ fallback }) => fallback,
  recovery: ({ recovery }) => recovery,
  afterPush: ({ afterPush }) => afterPush,
  exclude: ({ exclude }) => exclude,
  maxFileSize: ({ maxFileBytes }) => maxFileBytes,
  binaries: ({ binaries }) => binaries,
  nestedRepositories: ({ nestedRepositories }) => nestedRepositories,
  gitHistory: ({ gitHistory }) => gitHistory,
  dataDirectory: ({ dataDirectory }) => dataDirectory,
}

const SECRET_DECISIONS: { readonly [Name in keyof SecretSettings]: Decision } = {
  names: ({ secretNames }) => secretNames,
  allow: ({ allowedNames }) => allowedNames,
  scan: ({ secretScan }) => secretScan,
}

/** Every setting with its value and where it comes from; the credential is not among them. */
export function decidedSettings(config: Config, sources: ConfigSources, folder: string | null): DecidedSetting[] {
  const layers = layersOf(sources, folder)
  const target = { name: 'target', value: config.target, origin: chosenTarget(sources)?.source ?? 'default' }
  return [
    ...(config.target === null ? [] : [target]),
    ...Object.entries(DECISIONS).map(([name, decide]) => {
      return { name, value: decide(config), origin: originOf(layers, [name]) }
    }),
    ...Object.entries(SECRET_DECISIONS).map(([name, decide]) => {
      return { name: `secrets.${name}`, value: decide(config), origin: originOf(layers, ['secrets', name]) }
    }),
  ]
}
