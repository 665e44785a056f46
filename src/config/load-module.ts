import { readFile } from 'node:fs/promises'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Jiti } from 'jiti'
import { userDirectory } from '../snapshot/workspace.js'
import { DeltaError } from '../support/errors.js'
import { asFields } from '../support/json.js'
import type { UserConfig } from './config.js'
import { digestOf, recall, remember } from './module-cache.js'
import { findInputs } from './module-inputs.js'
import { parseUserConfig } from './parse.js'

/**
 * The configuration that a module exports by default: TypeScript and modules of every kind, whatever the version of the
 * user's compiler. It runs only where something changed that it depends on. Throws `configuration-invalid`, or what the
 * module throws.
 */
export async function loadModule(path: string): Promise<UserConfig> {
  const recalled = await recallValid(path)
  if (recalled !== null) return recalled
  const jiti = await openJiti(path)
  const inputs = await findInputs(path, (specifier, from) => resolveFrom(jiti, specifier, from))
  const before = inputs === null ? null : await digestOf(inputs, process.env)
  const config = parseUserConfig(await run(jiti, path), path)
  // An edit while it ran: nobody knows which version it saw.
  const isSure = inputs !== null && before !== null && before === (await digestOf(inputs, process.env))
  if (isSure) await remember(path, { inputs, digest: before, config }, process.env)
  return config
}

async function recallValid(path: string): Promise<UserConfig | null> {
  const recalled = await recall(path, process.env)
  try {
    return recalled === undefined ? null : parseUserConfig(recalled, path)
  } catch (thrown) {
    if (thrown instanceof DeltaError) return null
    throw thrown
  }
}

async function openJiti(path: string): Promise<Jiti> {
  const { createJiti } = await import('jiti')
  return createJiti(dirname(path), {
    interopDefault: true,
    // What was compiled is kept with our own state, never in the user's tree.
    fsCache: join(userDirectory('state', process.env), 'compiled'),
    moduleCache: false,
    alias: { 'ce-delta': fileURLToPath(new URL('../index.js', import.meta.url)) },
  })
}

/** Evaluated and not imported: Node would keep the first version for as long as the process runs. */
async function run(jiti: Jiti, path: string): Promise<unknown> {
  const source = await readFile(path, 'utf8')
  const options = { filename: path, ext: extname(path), async: true, forceTranspile: true }
  const evaluated = await jiti.evalModule(source, options)
  return asFields(evaluated)?.default ?? evaluated
}

function resolveFrom(jiti: Jiti, specifier: string, from: string): string | null {
  const found = jiti.esmResolve(specifier, { parentURL: pathToFileURL(from), try: true })
  if (found === undefined) return null
  return found.startsWith('file:') ? fileURLToPath(found) : found
}
