import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Readable, type Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { definedOnly } from './defined.js'
import { DeltaError } from './errors.js'
import { failure, startFailure } from './git-failure.js'
import { feed, type GitInput } from './git-input.js'
import type { Repository } from './git-repository.js'
import { since, trace } from './trace.js'

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
  const child = spawn('git', withSettings(repository, args, options), {
    ...surroundings(repository, options),
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  return processOf(child, args)
}

/**
 * The same, and git tells what it does: `events` settles with one JSON object a line (`git help api-trace2`), or with
 * nothing where git is too old.
 */
export function startTracedGit(
  repository: Repository,
  args: readonly string[],
  options: GitOptions = {},
): GitProcess & { readonly events: Promise<string> } {
  const environment = { ...repository.environment, ...TELLING }
  const child = spawn('git', withSettings(repository, args, options), {
    ...surroundings({ ...repository, environment }, options),
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  })
  const [stdin, stdout, , pipe] = child.stdio
  if (stdin === null || stdout === null) throw new DeltaError('internal', 'git was started without pipes.')
  const events = pipe instanceof Readable ? text(pipe) : Promise.resolve('')
  events.catch(ignoreUntilAwaited)
  return { ...processOf(Object.assign(child, { stdin, stdout }), args), events }
}

/** Events go to the fourth pipe, also those from deep within, without the times. */
const TELLING = { GIT_TRACE2_EVENT: '3', GIT_TRACE2_EVENT_NESTING: '9', GIT_TRACE2_EVENT_BRIEF: '1' }

function withSettings({ settings }: Repository, args: readonly string[], options: GitOptions): string[] {
  return [...[...settings, ...(options.settings ?? [])].flatMap((setting) => ['-c', setting]), ...args]
}

function surroundings({ directory, environment }: Repository, { signal }: GitOptions) {
  if (isInterrupted) throw interrupted()
  return { cwd: directory, env: environment, windowsHide: true, ...(signal === undefined ? {} : { signal }) }
}

function processOf(child: ChildProcess & { stdin: Writable; stdout: Readable }, args: readonly string[]): GitProcess {
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
  return (await runGitHeard(repository, args, options)).output
}

/** Like {@link runGit}, with what git complained of without failing. */
export async function runGitHeard(
  repository: Repository,
  args: readonly string[],
  options: GitOptions = {},
): Promise<{ readonly output: Buffer; readonly complaint: string }> {
  const git = startGit(repository, args, options)
  const chunks: Buffer[] = []
  git.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  const fed = feed(git.stdin, options.input ?? '')
  const [complaint] = await Promise.all([git.finished, fed])
  return { output: Buffer.concat(chunks), complaint }
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

function ignoreUntilAwaited(): undefined {
  return undefined
}

async function ending(child: ChildProcess, args: readonly string[]): Promise<string> {
  const started = performance.now()
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
  traceGit(args, exitCode, started)
  if (exitCode !== 0 && isInterrupted) throw interrupted()
  if (exitCode !== 0) throw failure(args, exitCode, signalName, complaint)
  return complaint
}

/** Lists of paths are not worth a line of kilobytes. */
const LONGEST_COMMAND = 300

function traceGit(args: readonly string[], exitCode: number | null, started: number): void {
  trace(() => {
    const command = args.join(' ')
    const shown = command.length > LONGEST_COMMAND ? `${command.slice(0, LONGEST_COMMAND)}…` : command
    return { kind: 'git', command: shown, exit_code: exitCode, duration_ms: since(started) }
  })
}

function interrupted(): DeltaError {
  return new DeltaError('interrupted', 'Interrupted.')
}

const MAX_COMPLAINT = 1 << 20

/** A bare repository without anything of a template, whose names of objects are SHA-1. */
export async function initBareRepository(gitDirectory: string): Promise<void> {
  const { simpleGit } = await import('simple-git')
  // It shows the whole environment to whoever sets DEBUG, and credentials may be in there.
  const { PATH, SystemRoot } = process.env
  const environment = definedOnly({ PATH, SystemRoot, LC_ALL: 'C' })
  const git = simpleGit({ baseDir: gitDirectory, unsafe: { allowUnsafeTemplateDir: true } }).env(environment)
  const started = performance.now()
  const settings = ['--quiet', '--bare', '--template=', '--object-format=sha1', '--initial-branch=main']
  await git.raw(['init', ...settings, gitDirectory])
  traceGit(['init', ...settings, gitDirectory], 0, started)
}

/** The tree without entries; git knows it without storing it. */
export const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904'

export function isObjectId(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{40}$/.test(value)
}
