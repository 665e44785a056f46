import { devNull } from 'node:os'

/**
 * Where a git command runs. `environment` replaces the process's own environment, so that what leaked into it (a hook
 * exports GIT_DIR, GIT_INDEX_FILE and more: faults.md 0.4) cannot send a command to another repository.
 */
export interface Repository {
  readonly directory: string
  readonly environment: NodeJS.ProcessEnv
  readonly settings: readonly string[]
}

/** The variables that tell git which repository to use, as `git rev-parse --local-env-vars` lists them. */
export const LOCAL_VARIABLES = [
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_COMMON_DIR',
  'GIT_CONFIG',
  'GIT_CONFIG_PARAMETERS',
  'GIT_DIR',
  'GIT_GRAFT_FILE',
  'GIT_IMPLICIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_INTERNAL_SUPER_PREFIX',
  'GIT_NAMESPACE',
  'GIT_NO_REPLACE_OBJECTS',
  'GIT_OBJECT_DIRECTORY',
  'GIT_PREFIX',
  'GIT_QUARANTINE_PATH',
  'GIT_REPLACE_REF_BASE',
  'GIT_SHALLOW_FILE',
  'GIT_WORK_TREE',
  'GIT_CEILING_DIRECTORIES',
  'GIT_LITERAL_PATHSPECS',
  'GIT_GLOB_PATHSPECS',
  'GIT_NOGLOB_PATHSPECS',
  'GIT_ICASE_PATHSPECS',
  'GIT_DEFAULT_HASH',
  'GIT_EXTERNAL_DIFF',
] as const

/** No command of ours may run a program that a repository names, or reach a network (faults.md row 100). */
const HARMLESS = [
  'core.fsmonitor=false',
  `core.hooksPath=${devNull}`,
  'core.quotePath=false',
  'protocol.allow=never',
  'gc.auto=0',
] as const

/**
 * For the C library on Linux; others do not know them. Left alone it gives memory back to the system and asks for it
 * again with every object that git compresses, which takes several times as long as compressing a small one.
 */
const KEPT_MEMORY = {
  MALLOC_TRIM_THRESHOLD_: String(8 << 20),
  MALLOC_TOP_PAD_: String(1 << 20),
  // Setting the others also ends that this one adapts itself to what is asked for.
  MALLOC_MMAP_THRESHOLD_: String(4 << 20),
}

/**
 * The user's repository, read only. Their configuration is respected as far as it decides what is ignored and who is
 * trusted (`safe.directory`, also through GIT_CONFIG_COUNT as CI systems set it).
 */
export function userRepository(directory: string, environment: NodeJS.ProcessEnv, gitDirectory?: string): Repository {
  const fixed = { LC_ALL: 'C', GIT_OPTIONAL_LOCKS: '0', GIT_NO_LAZY_FETCH: '1' }
  const clean: NodeJS.ProcessEnv = { ...KEPT_MEMORY, ...environment, ...fixed }
  for (const name of LOCAL_VARIABLES) delete clean[name]
  if (gitDirectory !== undefined) clean.GIT_DIR = gitDirectory
  return { directory, environment: clean, settings: HARMLESS }
}

/**
 * A repository that belongs to ce-delta: the shadow of a workspace, or a workspace at the receiver. Its own
 * configuration file is the only one that is read.
 */
export function privateRepository(
  gitDirectory: string,
  options: { readonly workTree?: string; readonly indexFile?: string } = {},
): Repository {
  const environment: NodeJS.ProcessEnv = { ...KEPT_MEMORY }
  for (const [name, value] of Object.entries(process.env)) {
    if (!name.startsWith('GIT_')) environment[name] = value
  }
  environment.LC_ALL = 'C'
  environment.GIT_CONFIG_NOSYSTEM = '1'
  environment.GIT_CONFIG_GLOBAL = devNull
  environment.GIT_ATTR_NOSYSTEM = '1'
  environment.GIT_NO_LAZY_FETCH = '1'
  environment.GIT_DIR = gitDirectory
  if (options.workTree !== undefined) environment.GIT_WORK_TREE = options.workTree
  if (options.indexFile !== undefined) environment.GIT_INDEX_FILE = options.indexFile
  // Without a configuration git still looks for `~/.config/git/ignore`.
  const settings = [...HARMLESS, `core.excludesFile=${devNull}`]
  return { directory: options.workTree ?? gitDirectory, environment, settings }
}
