import { existsSync, realpathSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, parse, sep } from 'node:path'
import { DeltaError } from '../support/errors.js'
import type { Workspace } from './workspace.js'

/** Throws `guard-stopped` for a folder that holds much more than one project; nobody means to send that. */
export async function guardAgainstUnsafeRoot(workspace: Workspace, environment: NodeJS.ProcessEnv): Promise<void> {
  const reason = nameReason(workspace.root, homeOf(environment)) ?? (await holdsWorkspaces(workspace))
  if (reason === null) return
  throw new DeltaError('guard-stopped', `${workspace.root} is not pushed: ${reason}.`, {
    facts: { root: workspace.root, reason },
    next: 'Go into the folder of one project. If you do mean all of this: ce-delta push --force',
  })
}

/** By the name alone; null where it is no obstacle. */
function nameReason(root: string, home: string): string | null {
  if (root === parse(root).root) return 'it is the root of the file system'
  if (root === home) return 'it is your home folder'
  return home.startsWith(`${root}${sep}`) ? 'your home folder is in it' : null
}

function homeOf(environment: NodeJS.ProcessEnv): string {
  const home = environment.HOME || homedir()
  return existsSync(home) ? realpathSync(home) : home
}

/** Repositories inside a repository belong to it; but a plain folder over workspaces is a folder of projects. */
async function holdsWorkspaces(workspace: Workspace): Promise<string | null> {
  if (workspace.kind !== 'plain') return null
  const names = (await readdir(workspace.root, { withFileTypes: true })).filter((entry) => entry.isDirectory())
  const held = names.find(({ name }) => existsSync(join(workspace.root, name, '.git', 'ce-delta')))
  return held === undefined ? null : `it holds other workspaces (${held.name})`
}
