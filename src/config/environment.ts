import { DeltaError } from '../support/errors.js'
import { withoutCredentials } from '../support/text.js'
import type { Settings } from './config.js'
import { type EnvironmentCredentials, SESSION_VARIABLES } from './credentials.js'
import { isAllowed, isHttpUrl, type NumberSetting } from './schema.js'

/** A setting may have several names; the first one that is set counts. */
const NAMES = {
  enabled: ['CE_DELTA_ENABLED', 'REMOTE_UPLOAD_ENABLED'],
  endpoint: ['CE_DELTA_ENDPOINT', 'REMOTE_UPLOAD_ENDPOINT'],
  maxRetries: ['CE_DELTA_MAX_RETRIES', 'REMOTE_UPLOAD_MAX_RETRIES'],
  timeout: ['CE_DELTA_TIMEOUT', 'REMOTE_UPLOAD_TIMEOUT'],
  workspacePath: ['CE_DELTA_WORKSPACE_PATH'],
  pinned: ['CE_DELTA_PINNED'],
  collectionName: ['CE_DELTA_COLLECTION', 'COLLECTION_NAME'],
  allowInsecureHttp: ['CE_DELTA_ALLOW_INSECURE_HTTP'],
  gitHistory: ['CE_DELTA_GIT_MAX_COMMITS', 'REMOTE_UPLOAD_GIT_MAX_COMMITS'],
  dataDirectory: ['CE_DELTA_DATA_DIR'],
  target: ['CE_DELTA_TARGET'],
} as const

/** The variable that sets this; null where none does. */
export function variableThatSets(setting: string, environment: NodeJS.ProcessEnv): string | null {
  const names = Object.entries(NAMES).find(([key]) => key === setting)?.[1] ?? []
  return names.find((name) => textOf(name, environment) !== null) ?? null
}

/** Set and not empty. With several repositories the reference client has no collection for all of them (protocol.md §4). */
function textOf(name: string, environment: NodeJS.ProcessEnv): string | null {
  if (name === 'COLLECTION_NAME' && toBoolean(environment.MULTI_REPO_MODE?.trim() ?? '') === true) return null
  return environment[name]?.trim() || null
}

export interface EnvironmentSettings extends Settings {
  readonly target?: string
  readonly access?: EnvironmentCredentials
}

/** Reads the settings that the environment makes. Throws `configuration-invalid` with every problem at once. */
export function readEnvironment(environment: NodeJS.ProcessEnv): EnvironmentSettings {
  const problems: string[] = []
  const find = (names: readonly string[]): { name: string; value: string } | null => {
    for (const name of names) {
      const value = textOf(name, environment)
      if (value !== null) return { name, value }
    }
    return null
  }
  const read = <Value>(
    names: readonly string[],
    convert: (value: string) => Value | null,
    expected: string,
  ): Value | null => {
    const found = find(names)
    if (found === null) return null
    const value = convert(found.value)
    if (value === null)
      problems.push(`${found.name} must be ${expected} (it is ${JSON.stringify(withoutCredentials(found.value))})`)
    return value
  }
  const same = (value: string): string => value
  const settings = {
    enabled: read(NAMES.enabled, toBoolean, '1 or 0'),
    endpoint: read(
      NAMES.endpoint,
      (value) => (isHttpUrl(value) ? value : null),
      'an http:// or https:// address without credentials in it',
    ),
    maxRetries: read(NAMES.maxRetries, numberFor('maxRetries'), 'a whole number from 0 to 100'),
    timeout: read(NAMES.timeout, numberFor('timeout'), 'a number of seconds from 0.1 to 86400'),
    workspacePath: read(NAMES.workspacePath, same, 'a path'),
    pinned: read(NAMES.pinned, toBoolean, '1 or 0'),
    collectionName: read(NAMES.collectionName, same, 'a name'),
    gitHistory: read(NAMES.gitHistory, numberFor('gitHistory'), 'a whole number from 0 to 10000'),
    dataDirectory: read(NAMES.dataDirectory, same, 'a folder'),
    allowInsecureHttp: read(NAMES.allowInsecureHttp, toBoolean, '1 or 0'),
    target: read(NAMES.target, same, 'a name'),
  }
  const access = {
    token: read(['CE_DELTA_TOKEN'], same, 'a token'),
    tokenCommand: read(['CE_DELTA_TOKEN_COMMAND'], same, 'a command'),
    session: read(SESSION_VARIABLES, same, 'a session'),
    clientCertificate: read(['CE_DELTA_CLIENT_CERT'], same, 'a file'),
    clientKey: read(['CE_DELTA_CLIENT_KEY'], same, 'a file'),
    caFile: read(['CE_DELTA_CA_FILE'], same, 'a file'),
  }
  if (problems.length > 0) {
    throw new DeltaError('configuration-invalid', `${problems.join('; ')}.`, {
      facts: { problems: problems.length },
      next: 'Correct the environment variables; they are described in docs/configuration.md.',
    })
  }
  return { ...present(settings), access: present(access) }
}

type Present<Value> = { [Key in keyof Value]?: Exclude<Value[Key], null> }

function present<Value extends object>(settings: Value): Present<Value>
function present(settings: object): object {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== null))
}

function toBoolean(value: string): boolean | null {
  if (/^(1|true|yes|on)$/i.test(value)) return true
  return /^(0|false|no|off)$/i.test(value) ? false : null
}

/** A number as the schema allows it for this setting; what a file may say, a variable may say as well. */
function numberFor(setting: NumberSetting): (value: string) => number | null {
  return (value) => (/^\d+(?:\.\d+)?$/.test(value) && isAllowed(setting, Number(value)) ? Number(value) : null)
}
