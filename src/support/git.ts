import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { devNull } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { DeltaError, systemErrorCode } from './errors.js'
import { printable } from './text.js'

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
 * The user's repository, read only. Their configuration is respected as far as it decides what is ignored and who is
 * trusted (`safe.directory`, also through GIT_CONFIG_COUNT as CI systems set it).
 */
export function userRepository(directory: string, environment: NodeJS.ProcessEnv, gitDirectory?: string): Repository {
  const clean: NodeJS.ProcessEnv = { ...environment, LC_ALL: 'C', GIT_OPTIONAL_LOCKS: '0', GIT_NO_LAZY_FETCH: '1' }
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
  const environment: NodeJS.ProcessEnv = {}
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

export type GitInput = string | Uint8Array | Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>

export interface GitOptions {
  readonly input?: GitInput
  readonly settings?: readonly string[]
  readonly signal?: AbortSignal | undefined
}

/** A git process with open pipes; `finished` settles when it has ended, and fails if it did not end well. */
export interface GitProcess {
  readonly stdin: Writable
  readonly stdout: Readable
  /** Settles with what git wrote to its standard error. */
  readonly finished: Promise<string>
  end(): void
}

const running = new Set<ChildProcess>()
let isInterrupted = false

/**
 * Ends every git process and starts no other: this process was told to end, and git may take long to come to one.
 * Told so by SIGTERM, git removes its locks.
 */
export function interruptGit(): void {
  isInterrupted = true
  for (const child of running) child.kill('SIGTERM')
}

export function startGit(repository: Repository, args: readonly string[], options: GitOptions = {}): GitProcess {
  if (isInterrupted) throw interrupted()
  const settings = [...repository.settings, ...(options.settings ?? [])].flatMap((setting) => ['-c', setting])
  const child = spawn('git', [...settings, ...args], {
    cwd: repository.directory,
    env: repository.environment,
    stdio: ['pipe', 'pipe', 'pipe'],
    windowsHide: true,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  })
  running.add(child)
  const finished = ending(child, args).finally(() => running.delete(child))
  // Whoever uses the process awaits `finished` at the end; until then a failure must not count as unhandled.
  finished.catch(ignoreUntilAwaited)
  return { stdin: child.stdin, stdout: child.stdout, finished, end: () => child.kill('SIGKILL') }
}

/** Runs git to its end and returns what it printed, as bytes: names are not always text. */
export async function runGit(
  repository: Repository,
  args: readonly string[],
  options: GitOptions = {},
): Promise<Buffer> {
  const git = startGit(repository, args, options)
  const chunks: Buffer[] = []
  git.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  const fed = feed(git.stdin, options.input ?? '')
  await Promise.all([git.finished, fed])
  return Buffer.concat(chunks)
}

export async function gitText(
  repository: Repository,
  args: readonly string[],
  options: GitOptions = {},
): Promise<string> {
  return (await runGit(repository, args, options)).toString('utf8').replace(/\n$/, '')
}

/** Like {@link gitText}, with null where git says no (a reference that does not exist, a setting that is not set). */
export async function gitTextOrNull(
  repository: Repository,
  args: readonly string[],
  options: GitOptions = {},
): Promise<string | null> {
  try {
    return await gitText(repository, args, options)
  } catch (thrown) {
    if (thrown instanceof DeltaError && thrown.code === 'git-failed' && thrown.facts.exit_code === 1) return null
    throw thrown
  }
}

async function feed(stdin: Writable, input: GitInput): Promise<void> {
  const source = typeof input === 'string' || input instanceof Uint8Array ? [input] : input
  try {
    await pipeline(inLargePieces(source), stdin)
  } catch (thrown) {
    // git ended before it had read everything; how it ended is told by `finished`.
    if (!CLOSED_PIPE.has(systemErrorCode(thrown) ?? '')) throw thrown
  }
}

const PIECE = 1 << 16

/** Every piece is a system call of its own; a name or a line would be too little for one. */
async function* inLargePieces(input: Exclude<GitInput, string | Uint8Array>): AsyncGenerator<Buffer> {
  let gathered: Uint8Array[] = []
  let bytes = 0
  for await (const some of input) {
    const piece = typeof some === 'string' ? Buffer.from(some) : some
    gathered.push(piece)
    bytes += piece.length
    if (bytes < PIECE) continue
    yield Buffer.concat(gathered)
    gathered = []
    bytes = 0
  }
  if (bytes > 0) yield Buffer.concat(gathered)
}

const CLOSED_PIPE = new Set(['EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED', 'ECONNRESET'])

function ignoreUntilAwaited(): undefined {
  return undefined
}

async function ending(child: ChildProcess, args: readonly string[]): Promise<string> {
  let complaint = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    if (complaint.length < MAX_COMPLAINT) complaint += text
  })
  // A closed pipe shows as an error of the stream as well; the exit code below is the one answer.
  child.stdin?.on('error', ignoreUntilAwaited)
  let exitCode: number | null
  let signalName: string | null
  try {
    ;[exitCode, signalName] = await once(child, 'close')
  } catch (thrown) {
    throw startFailure(thrown)
  }
  if (exitCode !== 0 && isInterrupted) throw interrupted()
  if (exitCode !== 0) throw failure(args, exitCode, signalName, complaint)
  return complaint
}

function interrupted(): DeltaError {
  return new DeltaError('interrupted', 'Interrupted.')
}

const MAX_COMPLAINT = 1 << 20

function startFailure(thrown: unknown): unknown {
  if (systemErrorCode(thrown) !== 'ENOENT') return thrown
  return new DeltaError('git-missing', 'git was not found.', {
    next: 'Install git 2.30 or newer and make sure that it is on the PATH.',
    cause: thrown,
  })
}

const LOST_OBJECT =
  /(missing (blob|tree|commit)|unable to read|bad object|bad tree object|invalid object|not a valid object|could not (read|get object)|is corrupt)/i

function failure(
  args: readonly string[],
  exitCode: number | null,
  signalName: string | null,
  complaint: string,
): DeltaError {
  const words = printable(complaint.trim().split('\n').slice(0, 4).join(' · '))
  const facts = { command: `git ${args[0] ?? ''}`, exit_code: exitCode, signal: signalName, complaint: words }
  const distrusted = /dubious ownership in repository at '(.*)'/.exec(complaint)
  if (distrusted !== null) {
    return new DeltaError(
      'repository-not-trusted',
      'git does not trust this repository: it belongs to somebody else.',
      {
        facts,
        next: `If you trust it, run: git config --global --add safe.directory '${distrusted[1]}'`,
      },
    )
  }
  const code = LOST_OBJECT.test(complaint) ? 'objects-missing' : 'git-failed'
  return new DeltaError(code, `git ${args[0] ?? ''} failed${words === '' ? '' : `: ${words}`}`, { facts })
}

/**
 * Makes a private bare repository in a folder, with exactly this configuration. Object names are SHA-1 whatever the
 * user's repositories use, because the proof compares the tree ids of both ends.
 */
export async function createPrivateRepository(gitDirectory: string, configuration: string): Promise<void> {
  await mkdir(gitDirectory, { recursive: true, mode: 0o700 })
  const { simpleGit } = await import('simple-git')
  const git = simpleGit({ baseDir: gitDirectory, unsafe: { allowUnsafeTemplateDir: true } })
  await git.raw([
    'init',
    '--quiet',
    '--bare',
    '--template=',
    '--object-format=sha1',
    '--initial-branch=main',
    gitDirectory,
  ])
  await mkdir(join(gitDirectory, 'info'), { recursive: true })
  await writeFile(join(gitDirectory, 'info', 'attributes'), RAW_BYTES)
  await writeFile(join(gitDirectory, 'config'), configuration, { mode: 0o600 })
}

/** No conversion of any kind: line ends, identifiers, large-file pointers and encodings stay as they are on disk. */
export const RAW_BYTES = '* -text -ident -filter -working-tree-encoding\n'

/** The tree without entries; git knows it without storing it. */
export const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904'

export function isObjectId(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{40}$/.test(value)
}
