import { existsSync, realpathSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import type { UserGit, Workspace } from '../../snapshot/workspace.js'
import { DeltaError } from '../../support/errors.js'
import { gitText, gitTextOrNull } from '../../support/git.js'
import type { Repository } from '../../support/git-repository.js'

/** Where the hooks of a worktree are kept, and who runs them. */
export interface HookFolder {
  readonly manager: 'git' | 'husky' | 'core.hooksPath'
  readonly directory: string
  /** The git folder that all worktrees of the clone share. */
  readonly commonDirectory: string
  /** husky reads hooks, git executes them. */
  readonly needsExecutable: boolean
  /** Why git does not run what is in there; null where it does. */
  readonly obstacle: DeltaError | null
}

/** The user's repository, asked for the hooks that it really has: usually commands of ours run with none at all. */
function withHooks(git: UserGit): Repository {
  const settings = git.repository.settings.filter((setting) => !setting.startsWith('core.hooksPath='))
  return { ...git.repository, settings }
}

/** Finds the hooks of the worktree as git itself finds them. Throws `not-a-repository` where there can be none. */
export async function findHookFolder(workspace: Workspace): Promise<HookFolder> {
  if (workspace.git === null || workspace.kind !== 'work-tree') {
    throw new DeltaError('not-a-repository', 'Only a git repository with a work tree has hooks to install.', {
      facts: { root: workspace.root },
      next: 'Run the command in a work tree, or call ce-delta push where you need it.',
    })
  }
  const repository = withHooks(workspace.git)
  const at = (path: string): string => resolve(workspace.root, path)
  const commonDirectory = at(await gitText(repository, ['rev-parse', '--git-common-dir']))
  const configured = await gitTextOrNull(repository, ['config', '--type=path', '--get', 'core.hooksPath'])
  const needsExecutable = process.platform !== 'win32'
  if (configured === null || configured === '') {
    const directory = join(commonDirectory, 'hooks')
    return { manager: 'git', directory, commonDirectory, needsExecutable, obstacle: null }
  }
  const directory = at(configured)
  if (basename(directory) === '_') return huskyFolder(directory, commonDirectory)
  const isInside = [workspace.root, commonDirectory].some((folder) => isWithin(folder, directory))
  const obstacle = isInside ? null : outsideFolder(directory, await originOf(repository))
  return { manager: 'core.hooksPath', directory, commonDirectory, needsExecutable, obstacle }
}

/** husky lets git run the files in `_`, which read the ones above it, where people write theirs. */
function huskyFolder(underscore: string, commonDirectory: string): HookFolder {
  const isSetUp = existsSync(join(underscore, 'h'))
  const obstacle = isSetUp
    ? null
    : new DeltaError('usage', 'husky is not set up in this worktree, so git runs no hooks here.', {
        facts: { folder: underscore },
        next: 'Run husky (usually: npm install), then ce-delta hook install again.',
      })
  return { manager: 'husky', directory: dirname(underscore), commonDirectory, needsExecutable: false, obstacle }
}

function outsideFolder(directory: string, origin: string): DeltaError {
  const facts = { folder: directory, configured_in: origin }
  if (!existsSync(directory) || directory === '/dev/null') {
    return new DeltaError('usage', `core.hooksPath (${origin}) switches hooks off: ${directory} is no folder.`, {
      facts,
      next: 'If this repository shall have hooks: git config core.hooksPath "$(git rev-parse --git-common-dir)/hooks"',
    })
  }
  return new DeltaError('usage', `The hooks are outside of this repository, in ${directory} (${origin}).`, {
    facts,
    next: 'They serve other repositories too. If you want it there: ce-delta hook install --outside',
  })
}

/** Which file says so, for people. */
async function originOf(repository: Repository): Promise<string> {
  const line = await gitTextOrNull(repository, ['config', '--show-origin', '--get', 'core.hooksPath'])
  return (line ?? '').split('\t')[0]?.replace(/^file:/, '') || 'git config'
}

function isWithin(folder: string, path: string): boolean {
  const way = relative(realOf(folder), realOf(path))
  return way !== '' && !way.startsWith('..') && resolve(realOf(folder), way) !== way
}

/** The path without symbolic links, as far as it exists. */
function realOf(path: string): string {
  if (existsSync(path)) return realpathSync(path)
  const parent = dirname(path)
  return parent === path ? path : join(realOf(parent), basename(path))
}
