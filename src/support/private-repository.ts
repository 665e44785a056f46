import { statSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { writeFileDurably } from './durable-files.js'
import { initBareRepository } from './git.js'

/**
 * Makes a private bare repository in a folder, with exactly this configuration. Object names are SHA-1 whatever the
 * user's repositories use, because the proof compares the tree ids of both ends.
 */
export async function createPrivateRepository(gitDirectory: string, configuration: string): Promise<void> {
  await mkdir(gitDirectory, { recursive: true, mode: 0o700 })
  // git refuses to begin where another git that was killed left its locks, or a power loss a file full of zeros.
  for (const name of ['HEAD.lock', 'config.lock']) await removeWhenAbandoned(join(gitDirectory, name))
  await rm(join(gitDirectory, 'config'), { force: true })
  await initBareRepository(gitDirectory)
  await mkdir(join(gitDirectory, 'info'), { recursive: true })
  // A repository that lost one of these with the power would be none, and git does not make sure of them.
  await writeFileDurably(join(gitDirectory, 'info', 'attributes'), RAW_BYTES)
  await writeFileDurably(join(gitDirectory, 'config'), configuration)
  await writeFileDurably(join(gitDirectory, 'HEAD'), 'ref: refs/heads/main\n')
}

/** Nobody needs so long to write one line. */
const LONGEST_LOCK = 2000

/** Waits for a lock to go, unless it stands for so long that whoever made it must have been killed. */
async function removeWhenAbandoned(lock: string): Promise<void> {
  for (;;) {
    const stats = statSync(lock, { throwIfNoEntry: false })
    if (stats === undefined) return
    if (Date.now() - stats.mtimeMs > LONGEST_LOCK) return await rm(lock, { force: true })
    await sleep(50)
  }
}

/** No conversion of any kind: line ends, identifiers, large-file pointers and encodings stay as they are on disk. */
export const RAW_BYTES = '* -text -ident -filter -working-tree-encoding\n'
