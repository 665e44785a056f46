import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { signatureOf } from '../support/durable-files.js'
import { DeltaError, systemErrorCode } from '../support/errors.js'
import { BASELINE_FILE } from './baseline.js'
import type { UserConfig } from './config.js'
import { credentialsFile } from './credentials.js'
import { loadModule } from './load-module.js'
import { rememberedFiles } from './module-cache.js'
import { parseUserConfig, together } from './parse.js'
import { sessionFile } from './session-file.js'

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
  if (there.has('package.json') && !(await speaksOfUs(join(root, 'package.json')))) there.delete('package.json')
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
export async function configurationSignature(
  { root, folder = null }: { readonly root: string; readonly folder?: string | null },
  environment: NodeJS.ProcessEnv,
): Promise<string> {
  const baseline = join(folder ?? '', BASELINE_FILE)
  const names = [...LOCAL_PLACES, ...CONFIG_PLACES, baseline].map((name) => join(root, name))
  const imported = await Promise.all(names.map(async (name) => await rememberedFiles(name, environment)))
  const ofUser = [credentialsFile(environment), sessionFile(environment)]
  return await signatureOf([...names, ...imported.flat(), ...ofUser])
}
