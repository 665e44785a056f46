import { readdir, readFile } from 'node:fs/promises'
import { extname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ruleForFolder } from '../snapshot/ignore-rules.js'
import { NOT_SECRET_NAMES, SECRET_NAMES } from '../snapshot/secrets.js'
import { userDirectory } from '../snapshot/workspace.js'
import { signatureOf } from '../support/durable-files.js'
import { DeltaError, systemErrorCode } from '../support/errors.js'
import { asFields } from '../support/json.js'
import { BASELINE_FILE, readBaseline } from './baseline.js'
import type { Config, UserConfig } from './config.js'
import { credentialsFile, tokenFor } from './credentials.js'
import { readEnvironment } from './environment.js'
import { parseFileSize, parseUserConfig } from './schema.js'

/** What a command line may set; it wins over everything else. */
export type ConfigFlags = Pick<
  UserConfig,
  'endpoint' | 'workspacePath' | 'collectionName' | 'dataDirectory' | 'enabled'
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

/** Merges flags over environment over configuration file over defaults, and checks all of it. */
export async function loadConfig(options: LoadOptions): Promise<Config> {
  const { flags, environment } = options
  const fromEnvironment = readEnvironment(environment)
  const found = options.hasFiles ? await readConfigFile(options.root) : null
  const fromFile = found?.config ?? {}
  const checkedFlags = parseUserConfig(flags, 'The command line')
  const merged = { ...fromFile, ...fromEnvironment, ...checkedFlags }
  const isRemote = merged.enabled ?? merged.endpoint !== undefined
  const endpoint = isRemote ? (merged.endpoint ?? DEFAULT_ENDPOINT).replace(/\/+$/, '') : null
  const trusted = checkedFlags.endpoint ?? fromEnvironment.endpoint ?? null
  const dataDirectory = resolve(options.root, merged.dataDirectory ?? userDirectory('data', environment))
  return {
    endpoint,
    token:
      endpoint === null
        ? null
        : await tokenFor({
            endpoint,
            trustedEndpoint: trusted,
            environmentToken: fromEnvironment.token ?? null,
            environment,
          }),
    workspacePath: merged.workspacePath ?? null,
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

const CONFIG_NAMES = ['ts', 'mts', 'js', 'mjs', 'cjs', 'json', 'yaml', 'yml'].map(
  (suffix) => `ce-delta.config.${suffix}`,
)

/** Finds and reads the configuration file at the root. What does the finding is loaded only where there is one. */
async function readConfigFile(root: string): Promise<{ config: UserConfig; file: string } | null> {
  // Anything but a file, a pipe above all, could keep us waiting for ever.
  const entries = await readdir(root, { withFileTypes: true })
  const names = new Set(entries.filter((entry) => entry.isFile() || entry.isSymbolicLink()).map(({ name }) => name))
  const searchPlaces = CONFIG_NAMES.filter((name) => names.has(name))
  if (names.has('package.json')) searchPlaces.push('package.json')
  if (searchPlaces.length === 0) return null
  const { default: discovery } = await import('cosmiconfig')
  const loaders = { '.ts': loadModule, '.mts': loadModule, '.js': loadModule, '.mjs': loadModule, '.cjs': loadModule }
  const explorer = discovery.cosmiconfig('ce-delta', {
    searchPlaces,
    packageProp: 'ce-delta',
    loaders,
    searchStrategy: 'none',
  })
  try {
    const result = await explorer.search(root)
    if (result === null || result.isEmpty === true) return null
    return { config: parseUserConfig(result.config, result.filepath), file: result.filepath }
  } catch (thrown) {
    if (thrown instanceof DeltaError) throw thrown
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    throw new DeltaError('configuration-invalid', `The configuration in ${root} cannot be read: ${reason}`, {
      facts: { root, system_code: systemErrorCode(thrown) ?? null },
      next: 'Correct the file, or remove it to use the defaults.',
      cause: thrown,
    })
  }
}

/**
 * Changes whenever a file does that {@link loadConfig} reads. For those who run for long: a configuration may be edited
 * while they do.
 */
export async function configurationSignature(root: string, environment: NodeJS.ProcessEnv): Promise<string> {
  const names = [...CONFIG_NAMES, 'package.json', BASELINE_FILE].map((name) => join(root, name))
  return await signatureOf([...names, credentialsFile(environment)])
}

/** TypeScript and modules of every kind, whatever the version of the user's compiler. */
async function loadModule(path: string): Promise<unknown> {
  const { createJiti } = await import('jiti')
  // What was compiled is kept with our own state, never in the user's tree.
  const fsCache = join(userDirectory('state', process.env), 'compiled')
  const jiti = createJiti(join(path, '..'), {
    interopDefault: true,
    fsCache,
    moduleCache: false,
    alias: { 'ce-delta': fileURLToPath(new URL('../index.js', import.meta.url)) },
  })
  // Evaluated and not imported: Node would keep the first version for as long as the process runs.
  const source = await readFile(path, 'utf8')
  const evaluated = await jiti.evalModule(source, {
    filename: path,
    ext: extname(path),
    async: true,
    forceTranspile: true,
  })
  return asFields(evaluated)?.default ?? evaluated
}
