import type { Config, UserConfig } from './config.js'
import { variableThatSets } from './environment.js'
import type { ConfigSources } from './load.js'

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
const DECISIONS: { readonly [Name in Exclude<keyof UserConfig, 'secrets'>]: Decision } = {
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
  dataDirectory: ({ dataDirectory }) => dataDirectory,
}

const SECRET_DECISIONS: { readonly [Name in keyof Required<NonNullable<UserConfig['secrets']>>]: Decision } = {
  names: ({ secretNames }) => secretNames,
  allow: ({ allowedNames }) => allowedNames,
  scan: ({ secretScan }) => secretScan,
}

/** Every setting with its value and where it comes from; the credential is not among them. */
export function decidedSettings(
  config: Config,
  sources: ConfigSources,
  environment: NodeJS.ProcessEnv,
): DecidedSetting[] {
  const file = sources.file
  const originOf = (name: string): string => {
    if (Object.hasOwn(sources.flags, name)) return 'command line'
    if (Object.hasOwn(sources.environment, name)) return variableThatSets(name, environment) ?? 'environment'
    if (file !== null && Object.hasOwn(file.config, name)) return file.file
    return name === 'workspacePath' && config.workspacePath !== null ? 'HOST_ROOT, CONTAINER_ROOT' : 'default'
  }
  const secretOrigin = (name: string): string =>
    file !== null && Object.hasOwn(file.config.secrets ?? {}, name) ? file.file : 'default'
  return [
    ...Object.entries(DECISIONS).map(([name, decide]) => ({ name, value: decide(config), origin: originOf(name) })),
    ...Object.entries(SECRET_DECISIONS).map(([name, decide]) => ({
      name: `secrets.${name}`,
      value: decide(config),
      origin: secretOrigin(name),
    })),
  ]
}
