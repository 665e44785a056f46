import { isBuiltin } from 'node:module'
import { readTextIfPresent } from '../support/durable-files.js'

/** What a module depends on. As long as none of it changes, running it again gives the same. */
export interface ModuleInputs {
  /** Absolute paths: the module itself first, then all that it imports. */
  readonly files: readonly string[]
  /** Names of environment variables. */
  readonly variables: readonly string[]
}

/** Finds the file that a module means; null where there is none. */
export type Resolve = (specifier: string, from: string) => string | null

/**
 * What a configuration that is a program depends on; null where that cannot be told: it imports packages, reads files,
 * or knows what time it is. The text is not parsed, only looked at, and what is not understood counts as "cannot be told".
 */
export async function findInputs(file: string, resolve: Resolve): Promise<ModuleInputs | null> {
  const files = [file]
  const variables = new Set<string>()
  for (const path of files) {
    if (path.endsWith('.json')) continue
    const text = await readTextIfPresent(path)
    const found = text === null ? null : lookAt(text)
    if (found === null) return null
    for (const name of found.variables) variables.add(name)
    for (const specifier of found.specifiers.filter((name) => !HARMLESS.has(name))) {
      const imported = /^(?:\.{0,2}\/|file:)/.test(specifier) && !isBuiltin(specifier) ? resolve(specifier, path) : null
      if (imported === null || /[\\/]node_modules[\\/]/.test(imported)) return null
      if (!files.includes(imported)) files.push(imported)
    }
  }
  return { files, variables: [...variables].sort() }
}

/** The same for the same input, or, as ce-delta itself, of a known version. */
const HARMLESS: ReadonlySet<string> = new Set(['ce-delta', 'node:path', 'path', 'node:url', 'url'])

const TYPES_ONLY = /\b(?:import|export)\s+type\s+(?!from\b)[^'"`;()=]*?\bfrom\s*(['"])[^'"]+\1/g

const IMPORTS = [
  /\b(?:import|export)\s[^'"`;()=]*?\bfrom\s*(['"])(?<specifier>[^'"]+)\1/g,
  /\b(?:import|require)\s*\(\s*(['"])(?<specifier>[^'"]+)\1\s*\)/g,
  /\bimport\s*(['"])(?<specifier>[^'"]+)\1/g,
]

const VARIABLE = /\bprocess\.env\.(?<variable>[A-Za-z_]\w*)/g

/** They say where the file is, which is its name among the inputs. */
const OWN_PLACE = /\bimport\.meta\.(?:url|dirname|filename)\b/g

/** By these a module gets at what is not among its inputs. */
const OTHER_INPUT =
  /\b(?:import|require|process|globalThis|global|eval|Function|constructor|Date|Temporal|random|crypto|performance|fetch)\b/

function lookAt(text: string): { specifiers: string[]; variables: string[] } | null {
  const found: { specifiers: string[]; variables: string[] } = { specifiers: [], variables: [] }
  let rest = text.replaceAll(TYPES_ONLY, ' ').replaceAll(OWN_PLACE, ' ')
  for (const pattern of [...IMPORTS, VARIABLE]) {
    for (const { groups = {} } of rest.matchAll(pattern)) {
      if (groups.specifier !== undefined) found.specifiers.push(groups.specifier)
      if (groups.variable !== undefined) found.variables.push(groups.variable)
    }
    rest = rest.replaceAll(pattern, ' ')
  }
  return OTHER_INPUT.test(rest) ? null : found
}
