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
import { parseUserConfig, together } from './parse.js'

/** A configuration that somebody wrote into a file. */
export interface ConfigFile {
  readonly config: UserConfig
  /** Its absolute path. */
  readonly file: string
}

const SUFFIXES = ['ts', 'mts', 'js', 'mjs', 'cjs', 'json', 'yaml', 'yml']

/** Where a file may stand, by the path from the root; the first one that is there counts. */
const CONFIG_PLACES = [...placesOf('ce-delta.config'), 'package.json']

/** The one that is not committed: what it says goes before what the other one says. */
const LOCAL_PLACES = placesOf('ce-delta.local')

function placesOf(name: string): string[] {
  return ['', '.config/'].flatMap((folder) => SUFFIXES.map((suffix) => `${folder}${name}.${suffix}`))
}

/** Finds and reads the configuration files of a root: the local one first, which wins. */
export async function readConfigFiles(root: string): Promise<ConfigFile[]> {
  const there = new Set([...(await filesIn(root, '')), ...(await filesIn(root, '.config/'))])
  const found = await Promise.allSettled(
    [LOCAL_PLACES, CONFIG_PLACES].map(async (places) => {
      return await readFirst(
        root,
        places.filter((place) => there.has(place)),
      )
    }),
  )
  const failures = found.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
  if (failures.length > 0) throw together(failures)
  return found.flatMap((result) => (result.status === 'fulfilled' && result.value !== null ? [result.value] : []))
}

/** Anything but a file, a pipe above all, could keep us waiting for ever. */
async function filesIn(root: string, folder: '' | '.config/'): Promise<string[]> {
  try {
    const entries = await readdir(join(root, folder), { withFileTypes: true })
    const files = entries.filter((entry) => entry.isFile() || entry.isSymbolicLink())
    return files.map(({ name }) => `${folder}${name}`)
  } catch (thrown) {
    const isAbsent = folder !== '' && ['ENOENT', 'ENOTDIR'].includes(systemErrorCode(thrown) ?? '')
    if (isAbsent) return []
    throw thrown
  }
}

/** What does the reading is loaded only where there is something to read. */
async function readFirst(root: string, searchPlaces: string[]): Promise<ConfigFile | null> {
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
  const names = [...LOCAL_PLACES, ...CONFIG_PLACES, BASELINE_FILE].map((name) => join(root, name))
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
