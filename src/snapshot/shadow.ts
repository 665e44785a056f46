import { existsSync, lstatSync } from 'node:fs'
import { chmod, mkdir, readdir, rm } from 'node:fs/promises'
import { isAbsolute, join, relative, resolve, sep } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isAbandoned, readTextIfPresent, writeFileDurably } from '../support/durable-files.js'
import { DeltaError, systemErrorCode } from '../support/errors.js'
import { runGit } from '../support/git.js'
import { privateRepository, type Repository } from '../support/git-repository.js'
import { createPrivateRepository, RAW_BYTES } from '../support/private-repository.js'
import { FORMAT_SETTING, refuseLaterFormat } from '../support/state-format.js'
import type { Workspace } from './workspace.js'

/**
 * The shadow repository: ce-delta's own index, objects and configuration, whose work tree is the user's. It is never
 * inside the work tree, and never touches the user's index, references, configuration or objects.
 */
export interface Shadow {
  readonly workspace: Workspace
  readonly directory: string
  /** With the user's work tree; for commands that look at it. */
  readonly repository: Repository
}

/** No system, global or repository configuration is read, so nothing a repository says can make git run a program. */
const CONFIGURATION = `[core]
	repositoryformatversion = 0
	bare = false
	fileMode = false
	ignoreCase = ${process.platform === 'win32' || process.platform === 'darwin'}
	logAllRefUpdates = false
	precomposeUnicode = ${process.platform === 'darwin'}
	untrackedCache = true
	preloadIndex = true
	attributesFile = /dev/null
	longPaths = true
	compression = 1
	fsync = reference,index
[index]
	version = 4
[status]
	showUntrackedFiles = all
[advice]
	statusUoption = false
[pack]
	threads = 2
${FORMAT_SETTING}`

/** Opens the shadow of a workspace, and makes it where it is not there yet or was only half made. */
export async function openShadow(workspace: Workspace): Promise<Shadow> {
  const directory = workspace.stateDirectory
  await claim(directory)
  await makeInGitFolder(workspace)
  await refuseLaterFormat(directory)
  if (!(await isSound(directory))) await createPrivateRepository(directory, CONFIGURATION)
  await borrowObjects(workspace, directory)
  const workTree = workspace.kind === 'bare' ? {} : { workTree: workspace.root }
  return { workspace, directory, repository: privateRepository(directory, workTree) }
}

/**
 * The folder for the state, where it belongs into the git folder. Only what is inside of that is made: a work tree that is gone (moved
 * away, not mounted) does not come back as an empty folder because of us.
 */
async function makeInGitFolder({ root, git, stateDirectory }: Workspace): Promise<void> {
  const way = git === null ? [] : relative(git.gitDirectory, stateDirectory).split(sep)
  if (git === null || way[0] === '..' || isAbsolute(way.join(sep))) return
  try {
    for (const depth of way.keys()) await makeFolder(join(git.gitDirectory, ...way.slice(0, depth + 1)))
  } catch (thrown) {
    if (systemErrorCode(thrown) !== 'ENOENT') throw thrown
    throw new DeltaError('not-a-repository', 'The git folder of this work tree is gone.', {
      facts: { root, git_directory: git.gitDirectory },
      next: 'Look whether it was moved, or is not mounted.',
      cause: thrown,
    })
  }
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 })
  } catch (thrown) {
    if (systemErrorCode(thrown) !== 'EEXIST') throw thrown
  }
}

/** Whether it is what was made here. A HEAD that is damaged goes: the last scan is only a hint. */
async function isSound(directory: string): Promise<boolean> {
  const read = async (name: string): Promise<string | null> => await readTextIfPresent(join(directory, name))
  const [config, attributes, head] = await Promise.all(['config', 'info/attributes', 'HEAD'].map(read))
  const isHeadSound = /^(?:ref: refs\/heads\/main|[0-9a-f]{40})\n$/.test(head ?? '')
  if (!isHeadSound) await rm(join(directory, 'HEAD'), { force: true })
  const hasFolders = ['objects', 'refs'].every((name) => existsSync(join(directory, name)))
  return isHeadSound && hasFolders && config === CONFIGURATION && attributes === RAW_BYTES
}

/**
 * The folder is ours alone, whoever made it: nobody else may read it, and it may not be the way to another folder or to
 * another repository's configuration.
 */
async function claim(directory: string): Promise<void> {
  const stats = lstatSync(directory, { throwIfNoEntry: false })
  if (stats === undefined) return
  if (stats.isSymbolicLink() || !stats.isDirectory()) {
    throw new DeltaError('repository-not-trusted', 'The place for the state is a link or a file, not a folder.', {
      facts: { directory },
      next: `Look where ${directory} came from, and remove it.`,
    })
  }
  if (process.platform !== 'win32' && (stats.mode & 0o077) !== 0) await chmod(directory, 0o700)
  await rm(join(directory, 'commondir'), { force: true })
}

/** What git has already is not stored twice. Objects of another hash cannot be borrowed. */
async function borrowObjects(workspace: Workspace, directory: string): Promise<void> {
  if (workspace.git === null || workspace.git.objectFormat !== 'sha1') return
  const alternates = join(directory, 'objects', 'info', 'alternates')
  const lenders = await lendersOf(workspace.git.objectDirectory)
  const wanted = lenders.map((lender) => `${quoteAlternate(lender)}\n`).join('')
  if ((await readTextIfPresent(alternates)) === wanted) return
  await mkdir(join(directory, 'objects', 'info'), { recursive: true })
  await writeFileDurably(alternates, wanted)
}

/** An object folder, and those that it borrows from by a relative path: git does not follow these for somebody else. */
async function lendersOf(objectDirectory: string, known: readonly string[] = []): Promise<string[]> {
  const lines = ((await readTextIfPresent(join(objectDirectory, 'info', 'alternates'))) ?? '').split('\n')
  const relative = lines.filter((line) => line !== '' && !/^[#"]/.test(line) && !isAbsolute(line))
  let lenders = [...known, objectDirectory]
  for (const line of relative) {
    const lender = resolve(objectDirectory, line)
    if (!lenders.includes(lender)) lenders = await lendersOf(lender, lenders)
  }
  return lenders
}

/** A line that begins with `#` is a comment, one in quotes is unquoted (git's `alternates` file). */
function quoteAlternate(path: string): string {
  return /^[#"]|\n/.test(path) ? JSON.stringify(path) : path
}

/** The same repository with an index of its own, for trees that are not the work tree. */
export function withIndex(shadow: Shadow, indexFile: string): Repository {
  return privateRepository(shadow.directory, { indexFile })
}

/**
 * Forgets what earlier scans knew, so that the next one reads and stores every file again. The cure for objects that
 * are gone, because they were borrowed and the user's repository dropped them.
 */
export async function forgetIndex(shadow: Shadow): Promise<void> {
  for (const name of ['index', 'index.lock', 'scan', 'commit-scan.json']) {
    await rm(join(shadow.directory, name), { force: true })
  }
  await runGit(shadow.repository, ['symbolic-ref', 'HEAD', 'refs/heads/main'])
}

/** How long git of a killed push may still be busy with the index. */
const LONGEST_INDEX_WRITE = 5000

/**
 * Removes the locks that a killed push left in the shadow. Only under the push lock, and not before git had time to
 * end by itself: it goes on for a moment after its parent was killed.
 */
export async function clearInterrupted(shadow: Shadow): Promise<void> {
  const indexLock = join(shadow.directory, 'index.lock')
  const deadline = performance.now() + LONGEST_INDEX_WRITE
  while (existsSync(indexLock) && performance.now() < deadline) await sleep(50)
  await rm(indexLock, { force: true })
  const folders = [shadow.directory, join(shadow.directory, 'info'), join(shadow.directory, 'objects', 'info')]
  for (const folder of folders.filter((path) => existsSync(path))) {
    for (const name of await readdir(folder)) {
      if (LEFT_OVER.test(name) || isAbandoned(name)) await rm(join(folder, name), { force: true })
    }
  }
  await removeLocks(join(shadow.directory, 'refs'))
}

const LEFT_OVER = /^(?:HEAD\.lock|packed-refs\.lock|fast_import_crash_\d+|(?:tree|judge)-index(?:\.\d+)+(?:\.lock)?)$/

async function removeLocks(directory: string): Promise<void> {
  for (const entry of await readdir(directory, { withFileTypes: true, recursive: true })) {
    if (entry.isFile() && entry.name.endsWith('.lock')) await rm(join(entry.parentPath, entry.name), { force: true })
  }
}
