import { readdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { userDirectory } from '../snapshot/workspace.js'
import { signatureOf } from '../support/durable-files.js'
import { DeltaError, systemErrorCode } from '../support/errors.js'
import { asFields } from '../support/json.js'
import { BASELINE_FILE } from './baseline.js'
import type { UserConfig } from './config.js'
import { credentialsFile } from './credentials.js'
import { parseUserConfig } from './schema.js'

/** A configuration that somebody wrote into a file. */
export interface ConfigFile {
  readonly config: UserConfig
  /** Its absolute path. */
  readonly file: string
}

const CONFIG_NAMES = ['ts', 'mts', 'js', 'mjs', 'cjs', 'json', 'yaml', 'yml'].map(
  (suffix) => `ce-delta.config.${suffix}`,
)

/** Finds and reads the configuration file at the root. What does the finding is loaded only where there is one. */
export async function readConfigFile(root: string): Promise<ConfigFile | null> {
  // Anything but a file, a pipe above all, could keep us waiting for ever.
  const entries = await readdir(root, { withFileTypes: true })
  const names = new Set(entries.filter((entry) => entry.isFile() || entry.isSymbolicLink()).map(({ name }) => name))
  const searchPlaces = CONFIG_NAMES.filter((name) => names.has(name))
  if (names.has('package.json') && (await speaksOfUs(join(root, 'package.json')))) searchPlaces.push('package.json')
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

/** Most packages have no setting of ours, and then nothing is loaded to read one. What cannot be read is told of later. */
async function speaksOfUs(packageFile: string): Promise<boolean> {
  try {
    return (await readFile(packageFile, 'utf8')).includes('"ce-delta"')
  } catch (thrown) {
    if (systemErrorCode(thrown) === undefined) throw thrown
    return true
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
