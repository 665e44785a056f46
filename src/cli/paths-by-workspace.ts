import { join, relative } from 'node:path'
import { innermost } from '../snapshot/folder-workspace.js'
import { DeltaError } from '../support/errors.js'

/**
 * Which workspace each of these absolute paths is in. A folder that holds several of them is about each as a whole. Throws
 * `usage` for a path that is in none and holds none.
 */
export function pathsByWorkspace(
  root: string,
  folders: readonly (string | null)[],
  paths: readonly string[],
): Map<string | null, string[]> {
  const asked = new Map<string | null, string[]>()
  for (const path of paths)
    for (const [folder, place] of placesOf(root, folders, path))
      asked.set(folder, [...(asked.get(folder) ?? []), place])
  return asked
}

function placesOf(root: string, folders: readonly (string | null)[], path: string): [string | null, string][] {
  const names = folders.filter((folder) => folder !== null)
  const [only = null, ...others] = folders
  if (others.length === 0) return [[only, path]]
  const around = innermost(names, relative(root, path))
  if (around !== null) return [[around, path]]
  const within = names.filter((folder) => innermost([relative(root, path) || '.'], folder) !== null)
  if (within.length > 0) return within.map((folder) => [folder, join(root, folder)])
  throw new DeltaError('usage', `${path} is in none of the workspaces: ${names.join(', ')}.`, {
    facts: { path },
    next: 'Only what is in one of them is part of a copy.',
  })
}
