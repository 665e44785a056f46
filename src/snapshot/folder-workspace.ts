import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { DeltaError, systemErrorCode } from '../support/errors.js'
import { locateWorkspace, stateDirectoryOutside, type Workspace } from './workspace.js'

/**
 * A folder of a work tree as a workspace of its own, with its own state. `path` is the way to it from the root, with
 * slashes; `.` is the root itself. A folder that is a repository is that repository. Throws `configuration-invalid` where
 * the folder is not there, or is somewhere else: a link never leads out of the work tree.
 */
export async function workspaceInFolder(
  whole: Workspace,
  path: string,
  environment: NodeJS.ProcessEnv,
): Promise<Workspace> {
  if (path === '.') return whole
  const root = join(whole.root, ...path.split('/'))
  await requireOwnFolder(root, path)
  if (existsSync(join(root, '.git'))) return await locateWorkspace(root, environment)
  const name = `${whole.name}-${path.replaceAll('/', '-')}`
  const key = `${path.replaceAll('/', '-')}-${createHash('sha256').update(path).digest('hex').slice(0, 8)}`
  const isInside = whole.git !== null && whole.stateNotice === null
  const stateDirectory = isInside
    ? join(whole.stateDirectory, 'workspaces', key)
    : stateDirectoryOutside(root, environment)
  return { ...whole, root, name, stateDirectory, part: { of: whole.root, path } }
}

async function requireOwnFolder(root: string, path: string): Promise<void> {
  const problem = await problemOf(root)
  if (problem === null) return
  throw new DeltaError('configuration-invalid', `The workspace ${path} ${problem} (${root}).`, {
    facts: { root },
    next: 'Correct its root in workspaces. Nothing of it is deleted at the receiver.',
  })
}

async function problemOf(root: string): Promise<string | null> {
  try {
    if ((await realpath(root)) !== root) return 'is behind a symbolic link'
    return (await stat(root)).isDirectory() ? null : 'is not a folder'
  } catch (thrown) {
    const code = systemErrorCode(thrown)
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'is not there'
    throw thrown
  }
}

/** The way from the root of the work tree to a workspace that is a folder of it, as git writes paths; else empty. */
export function prefixOf({ part }: Workspace): string {
  return part === null ? '' : `${part.path}/`
}

/** Names from the root of the work tree, as names from the root of the workspace. */
export function* withoutPrefix(workspace: Workspace, names: Iterable<Buffer>): Generator<Buffer> {
  const prefix = Buffer.from(prefixOf(workspace))
  for (const name of names) {
    if (name.subarray(0, prefix.length).equals(prefix)) yield name.subarray(prefix.length)
  }
}

/** The innermost of these folders that a directory is in; null where it is in none. All relative to one root. */
export function innermost(folders: readonly string[], directory: string): string | null {
  const path = directory.split(sep).join('/')
  const around = folders.filter((folder) => folder === '.' || path === folder || path.startsWith(`${folder}/`))
  return around.reduce<string | null>((best, folder) => (depth(folder) > depth(best) ? folder : best), null)
}

function depth(folder: string | null): number {
  if (folder === null) return -1
  return folder === '.' ? 0 : folder.split('/').length
}
