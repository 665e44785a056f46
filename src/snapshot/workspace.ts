import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { access, realpath, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { DeltaError, systemErrorCode } from '../support/errors.js'
import { gitText, gitTextOrNull } from '../support/git.js'
import { type Repository, userRepository } from '../support/git-repository.js'

/** What git knows about the folder; null where it is not in a repository. */
export interface UserGit {
  readonly repository: Repository
  readonly gitDirectory: string
  /** Where the objects are that the shadow repository borrows. */
  readonly objectDirectory: string
  readonly objectFormat: string
  /** `info/exclude`, the ignore rules of this clone. */
  readonly excludeFile: string
}

export interface Workspace {
  /** The root of the work tree, or of the bare repository; absolute, without symbolic links. */
  readonly root: string
  readonly name: string
  readonly kind: 'work-tree' | 'bare' | 'plain'
  readonly git: UserGit | null
  /** ce-delta's own folder for this workspace: the shadow repository with the outbox in it. Mode 0700. */
  readonly stateDirectory: string
  /** Set where the preferred folder for the state cannot be written. */
  readonly stateNotice: string | null
  /** The user's own ignore rules for all repositories; the file need not exist. */
  readonly globalExcludeFile: string
  /** Set where it is a folder of a larger work tree: the root of that, and the way to it, with slashes. */
  readonly part: { readonly of: string; readonly path: string } | null
}

/**
 * Finds the workspace that a folder belongs to: the work tree around it (also a linked one), a bare repository, or
 * the folder itself where there is no git. Throws `not-a-repository` or `repository-not-trusted`.
 */
export async function locateWorkspace(directory: string, environment: NodeJS.ProcessEnv): Promise<Workspace> {
  const start = await existingDirectory(directory)
  const repository = userRepository(start, environment)
  const asked = findGlobalExcludeFile(repository, environment)
  // It is awaited after the repository was found: why that fails is the better answer.
  asked.catch(() => undefined)
  const found = await findGit(repository)
  const globalExcludeFile = await asked
  if (found === null) {
    const stateDirectory = stateDirectoryOutside(start, environment)
    return {
      root: start,
      name: nameOf(start),
      kind: 'plain',
      git: null,
      stateDirectory,
      stateNotice: null,
      globalExcludeFile,
      part: null,
    }
  }
  const root = found.topLevel ?? found.git.gitDirectory
  const state = await writableState(found.stateDirectory, root, environment)
  const kind = found.topLevel === null ? 'bare' : 'work-tree'
  const git = { ...found.git, repository: userRepository(root, environment, found.git.gitDirectory) }
  return { root, name: nameOf(root), kind, git, ...state, globalExcludeFile, part: null }
}

async function existingDirectory(directory: string): Promise<string> {
  try {
    const path = await realpath(resolve(directory))
    if ((await stat(path)).isDirectory()) return path
  } catch (thrown) {
    if (!NO_SUCH_FOLDER.has(systemErrorCode(thrown) ?? '')) throw thrown
  }
  throw new DeltaError('usage', `${directory} is not a folder.`, {
    facts: { directory },
    next: 'Name an existing folder, or run the command inside one.',
  })
}

const NO_SUCH_FOLDER = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'])

interface FoundGit {
  readonly topLevel: string | null
  readonly stateDirectory: string
  readonly git: UserGit
}

async function findGit(repository: Repository): Promise<FoundGit | null> {
  const answers = await askLocation(repository)
  if (answers === null) return null
  const [isBare, isInside, objectFormat, gitDirectory, stateDirectory, objectDirectory, excludeFile, top] = answers
  if (isBare !== 'true' && isInside !== 'true') {
    throw new DeltaError('not-a-repository', 'This is the inside of a git folder, not a work tree.', {
      facts: { directory: repository.directory },
      next: 'Run the command in the work tree.',
    })
  }
  return {
    topLevel: isBare === 'true' ? null : top,
    stateDirectory,
    git: { repository, gitDirectory, objectDirectory, objectFormat, excludeFile },
  }
}

type Location = [string, string, string, string, string, string, string, string]

async function askLocation(repository: Repository): Promise<Location | null> {
  const questions = [
    ['--is-bare-repository'],
    ['--is-inside-work-tree'],
    ['--show-object-format'],
    ['--absolute-git-dir'],
    ...['ce-delta', 'objects', 'info/exclude'].map((name) => ['--git-path', name]),
    // The way up to the root, in a work tree; in a bare repository nothing, not even a line.
    ['--show-cdup'],
  ]
  try {
    const together = (await gitText(repository, ['rev-parse', ...questions.flat()])).split('\n')
    // A path with a newline in it is more than one line; then each question is asked for itself.
    const lines = questions.length - (together[0] === 'true' ? 1 : 0)
    const answers =
      together.length === lines
        ? together
        : await Promise.all(questions.map(async (question) => await gitText(repository, ['rev-parse', ...question])))
    const [isBare = '', isInside = '', objectFormat = '', ...paths] = answers
    const [gitDirectory = '', state = '', objects = '', exclude = '', top = ''] = paths.map((path) =>
      resolve(repository.directory, path),
    )
    return [isBare, isInside, objectFormat, gitDirectory, state, objects, exclude, top]
  } catch (thrown) {
    const complaint = thrown instanceof DeltaError ? String(thrown.facts.complaint) : ''
    if (/not a git repository \(or any/.test(complaint)) return null
    if (!/not a git repository/.test(complaint)) throw thrown
    throw new DeltaError('not-a-repository', 'The git folder of this work tree is gone.', {
      facts: { directory: repository.directory, complaint },
      next: 'Repair it (git worktree repair, git submodule update), or remove the .git file to push a plain folder.',
      cause: thrown,
    })
  }
}

async function findGlobalExcludeFile(repository: Repository, environment: NodeJS.ProcessEnv): Promise<string> {
  const configured = await gitTextOrNull(repository, ['config', '--type=path', '--get', 'core.excludesFile'])
  const home = environment.XDG_CONFIG_HOME || join(environment.HOME || homedir(), '.config')
  return configured ? resolve(repository.directory, configured) : join(home, 'git', 'ignore')
}

/** The state belongs into the git folder, where it is neither scanned nor committed; elsewhere if that is read-only. */
async function writableState(
  preferred: string,
  root: string,
  environment: NodeJS.ProcessEnv,
): Promise<Pick<Workspace, 'stateDirectory' | 'stateNotice'>> {
  if (await isWritable(preferred)) return { stateDirectory: preferred, stateNotice: null }
  const stateDirectory = stateDirectoryOutside(root, environment)
  return {
    stateDirectory,
    stateNotice: `${dirname(preferred)} cannot be written; the state is kept in ${stateDirectory}.`,
  }
}

async function isWritable(directory: string): Promise<boolean> {
  for (const path of [directory, dirname(directory)]) {
    try {
      await access(path, constants.W_OK)
      return true
    } catch (thrown) {
      const code = systemErrorCode(thrown)
      if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') return false
      if (code !== 'ENOENT') throw thrown
    }
  }
  return false
}

/** Where the state is kept that cannot be in a git folder. */
export function stateDirectoryOutside(root: string, environment: NodeJS.ProcessEnv): string {
  const key = createHash('sha256').update(root).digest('hex').slice(0, 16)
  return join(userDirectory('state', environment), 'workspaces', `${nameOf(root)}-${key}`)
}

/** The user's own folder for state or data, by the XDG rules, or the place that Windows has for it. */
export function userDirectory(kind: 'state' | 'data' | 'config', environment: NodeJS.ProcessEnv): string {
  const fromEnvironment = environment[`XDG_${kind.toUpperCase()}_HOME`]
  if (fromEnvironment) return join(fromEnvironment, 'ce-delta')
  if (process.platform === 'win32' && environment.LOCALAPPDATA) return join(environment.LOCALAPPDATA, 'ce-delta', kind)
  const byKind = { state: ['.local', 'state'], data: ['.local', 'share'], config: ['.config'] }
  return join(environment.HOME || homedir(), ...byKind[kind], 'ce-delta')
}

function nameOf(root: string): string {
  return basename(root) || 'root'
}
