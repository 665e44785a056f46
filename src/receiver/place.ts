import { createHash } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { makePrivateDirectory, readTextIfPresent, removeFolder, writeFileDurably } from '../support/durable-files.js'
import { systemErrorCode } from '../support/errors.js'
import { privateRepository, type Repository } from '../support/git-repository.js'
import { createPrivateRepository } from '../support/private-repository.js'
import { FORMAT_SETTING, refuseLaterFormat } from '../support/state-format.js'
import type { Mirror } from './publish.js'

/** Where a receiver keeps one workspace. */
export interface Place {
  readonly workspacePath: string
  readonly directory: string
  /** Outside of `directory`, which may be removed by who holds it. */
  readonly lock: string
  /** Of who writes the mirror, which may go on while the next bundle is applied. */
  readonly mirrorLock: string
  readonly gitDirectory: string
  readonly repository: Repository
  /** Bundles that are being verified. */
  readonly incoming: string
  readonly mirror: Mirror
  /** The file that says which commit the mirror holds exactly; absent while it is being changed. */
  readonly mirrorNote: string
}

const CONFIGURATION = `[core]
	repositoryformatversion = 0
	bare = true
	fileMode = false
	symlinks = false
	attributesFile = /dev/null
	compression = 1
	logAllRefUpdates = false
	longPaths = true
	fsync = committed,reference
	fsyncMethod = batch
${FORMAT_SETTING}`

export function placeOf(dataDirectory: string, mirrorDirectory: string, workspacePath: string): Place {
  const slug = slugOf(workspacePath)
  const directory = join(dataDirectory, 'workspaces', slug)
  const gitDirectory = join(directory, 'repository.git')
  return {
    workspacePath,
    directory,
    lock: join(dataDirectory, 'locks', slug),
    mirrorLock: join(dataDirectory, 'locks', `mirror-${slug}`),
    gitDirectory,
    repository: privateRepository(gitDirectory),
    incoming: join(directory, 'incoming'),
    mirror: {
      gitDirectory,
      directory: join(mirrorDirectory, slug),
      staging: join(mirrorDirectory, `.${slug}.staging`),
    },
    mirrorNote: join(directory, 'mirror-exact'),
  }
}

/**
 * One safe folder name for a workspace, whatever its path is: the readable end of the path and 16 digits of the hash
 * of all of it, so that equally named folders of different people stay apart (protocol.md §3).
 */
export function slugOf(workspacePath: string): string {
  const leaf =
    workspacePath
      .split(/[\\/]/)
      .filter((part) => part !== '')
      .at(-1) ?? 'root'
  const readable = leaf
    .replace(/[^A-Za-z0-9._-]/g, '_')
    .replace(/^\.+/, '')
    .slice(0, 60)
  return `${readable === '' ? 'workspace' : readable}-${createHash('sha256').update(workspacePath).digest('hex').slice(0, 16)}`
}

/** The file that says which workspace a folder is; it is written last, so a folder without it was only half made. */
function nameFile(place: Place): string {
  return join(place.directory, 'workspace-path')
}

/** Whether the workspace was ever heard of. Throws `state-of-newer-version`. */
export async function placeExists(place: Place): Promise<boolean> {
  await refuseLaterFormat(place.gitDirectory)
  return (await readTextIfPresent(nameFile(place))) !== null
}

/** Makes the repository where it is not there yet, and removes what an interrupted upload left behind. */
export async function preparePlace(place: Place): Promise<void> {
  if (!(await placeExists(place))) {
    await removeFolder(place.directory)
    await makePrivateDirectory(place.directory)
    await createPrivateRepository(place.gitDirectory, CONFIGURATION)
    await writeFileDurably(nameFile(place), place.workspacePath)
  }
  await removeFolder(place.incoming)
  for (const lock of ['HEAD.lock', 'refs/heads/main.lock', 'packed-refs.lock']) {
    await rm(join(place.gitDirectory, lock), { force: true })
  }
}

/** The paths of the workspaces below a data folder. */
export async function knownWorkspaces(dataDirectory: string): Promise<string[]> {
  const folder = join(dataDirectory, 'workspaces')
  const paths: string[] = []
  for (const slug of await namesIn(folder)) {
    const path = await readTextIfPresent(join(folder, slug, 'workspace-path'))
    if (path !== null) paths.push(path)
  }
  return paths
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort()
  } catch (thrown) {
    if (systemErrorCode(thrown) === 'ENOENT') return []
    throw thrown
  }
}
