import { createHash } from 'node:crypto'
import { mkdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { userDirectory } from '../snapshot/workspace.js'
import { writeFileDurably } from '../support/durable-files.js'
import { systemErrorCode } from '../support/errors.js'
import { asFields, parseJson } from '../support/json.js'
import { VERSION } from '../support/version.js'
import type { UserConfig } from './config.js'
import type { ModuleInputs } from './module-inputs.js'

// What a configuration that is a program came to, so that it need not run each time: a hook loads no TypeScript. The
// folder is the user's own. Whatever stands there is a hint only: it counts where all inputs are as they were, and it is
// checked like any other configuration.

/** What the module came to when it ran last, unchecked; undefined where it has to run again. */
export async function recall(module: string, environment: NodeJS.ProcessEnv): Promise<unknown> {
  const entry = await readEntry(module, environment)
  if (entry === null || entry.inputs.files[0] !== module) return undefined
  return (await digestOf(entry.inputs, environment)) === entry.digest ? entry.config : undefined
}

/** The files that a module depended on when it ran last; none where that is not known. */
export async function rememberedFiles(module: string, environment: NodeJS.ProcessEnv): Promise<readonly string[]> {
  return (await readEntry(module, environment))?.inputs.files ?? []
}

/** That it cannot be kept is no failure: then the module runs again next time. */
export async function remember(
  module: string,
  entry: { readonly inputs: ModuleInputs; readonly digest: string; readonly config: UserConfig },
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  try {
    await mkdir(folderOf(environment), { recursive: true, mode: 0o700 })
    await writeFileDurably(entryFile(module, environment), `${JSON.stringify(entry)}\n`)
  } catch (thrown) {
    if (systemErrorCode(thrown) === undefined) throw thrown
  }
}

function folderOf(environment: NodeJS.ProcessEnv): string {
  return join(userDirectory('state', environment), 'configurations')
}

function entryFile(module: string, environment: NodeJS.ProcessEnv): string {
  return join(folderOf(environment), `${createHash('sha256').update(module).digest('hex').slice(0, 32)}.json`)
}

interface Entry {
  readonly inputs: ModuleInputs
  readonly digest: string
  readonly config: unknown
}

async function readEntry(module: string, environment: NodeJS.ProcessEnv): Promise<Entry | null> {
  const text = await readSmallFile(entryFile(module, environment))
  const { inputs, digest, config } = asFields(parseJson(text ?? '')) ?? {}
  const { files, variables } = asFields(inputs) ?? {}
  if (!isTexts(files) || !isTexts(variables) || typeof digest !== 'string') return null
  return { inputs: { files, variables }, digest, config }
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

/** Changes with every input, with the folder that relative paths begin at, and with our version; null: one is gone. */
export async function digestOf(
  { files, variables }: ModuleInputs,
  environment: NodeJS.ProcessEnv,
): Promise<string | null> {
  const texts = await Promise.all(files.map(readSmallFile))
  if (texts.includes(null)) return null
  const values = variables.map((name) => environment[name] ?? null)
  const facts = JSON.stringify([VERSION, process.version, process.cwd(), files, texts, variables, values])
  return createHash('sha256').update(facts).digest('hex')
}

const LARGEST = 1024 * 1024

/** The text of a file as configurations are; nothing waits for a pipe, or reads a device to its end. */
async function readSmallFile(path: string): Promise<string | null> {
  try {
    const stats = await stat(path)
    return stats.isFile() && stats.size <= LARGEST ? await readFile(path, 'utf8') : null
  } catch (thrown) {
    if (systemErrorCode(thrown) === undefined) throw thrown
    return null
  }
}
