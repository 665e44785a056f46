import { spawn } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from './config/config.js'
import { identityOf } from './identity.js'
import { placeOf } from './receiver/place.js'
import { openShadow } from './snapshot/shadow.js'
import type { Workspace } from './snapshot/workspace.js'
import { writeFileDurably } from './support/durable-files.js'
import { systemErrorCode } from './support/errors.js'
import { tryLock } from './support/lock.js'
import { isMaintenanceDue, keepTrees, maintainRepository } from './support/maintenance.js'

const ONE_DAY = 24 * 60 * 60 * 1000

/**
 * Tidies up after pushes: loose objects into packs, borrowed trees into our own store. It changes nothing that can be
 * seen, so it runs in a process of its own, of which there is one at a time.
 */
export async function maintain(workspace: Workspace, config: Config): Promise<void> {
  const shadow = await openShadow(workspace)
  const lock = await tryLock(join(shadow.directory, 'maintenance.lock'))
  if (!('release' in lock)) return
  try {
    await keepTrees(shadow.repository, shadow.directory)
    await maintainRepository(shadow.directory, shadow.repository)
    const local = placeOf(
      config.dataDirectory,
      join(config.dataDirectory, 'mirrors'),
      identityOf(workspace, config).workspacePath,
    )
    if (await isMaintenanceDue(local.gitDirectory)) await maintainRepository(local.gitDirectory, local.repository)
    await writeFileDurably(stampFile(workspace), '')
  } finally {
    await lock.release()
  }
}

/** Tidies up where it is due, about once a day, for a program that pushes and runs no command. */
export async function maintainIfDue(workspace: Workspace, config: Config): Promise<void> {
  if (await isDue(workspace)) await maintain(workspace, config)
}

/** Starts `ce-delta maintain` where it is due, with no pipe to us: nobody waits for it. */
export async function startMaintenanceIfDue(workspace: Workspace, commandFile: string): Promise<void> {
  if (!(await isDue(workspace))) return
  const child = spawn(process.execPath, [commandFile, 'maintain', '-C', workspace.root], {
    detached: true,
    stdio: 'ignore',
  })
  child.unref()
}

async function isDue(workspace: Workspace): Promise<boolean> {
  const age = await ageOf(stampFile(workspace))
  if (age === null) await writeFileDurably(stampFile(workspace), '')
  return (age ?? 0) > ONE_DAY || (await isMaintenanceDue(workspace.stateDirectory))
}

function stampFile(workspace: Workspace): string {
  return join(workspace.stateDirectory, 'maintained')
}

async function ageOf(path: string): Promise<number | null> {
  try {
    return Date.now() - (await stat(path)).mtimeMs
  } catch (thrown) {
    if (systemErrorCode(thrown) === 'ENOENT') return null
    throw thrown
  }
}
