import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, expect } from '@jest/globals'
import type { PushReport } from '../../src/report/report.js'
import { parseEvent } from './events.js'
import { type Contents, gitEnvironment, readTree, temporaryDirectory } from './workspace.js'

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))
const NOBODY = 65534

export interface CommandOptions {
  readonly env?: NodeJS.ProcessEnv
  readonly input?: string
  /** Run without the rights of root, which could read everything. What it needs is given to that user first. */
  readonly asNobody?: boolean
  readonly umask?: string
  /** A command that runs it, given before its own name. */
  readonly wrapper?: readonly string[]
}

export interface CommandResult {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
  /** What it printed on standard output, where that is JSON. */
  readonly events: readonly Readonly<Record<string, unknown>>[]
  readonly report: PushReport
}

/** The machine of one test: home, data of the embedded receiver, and a copy of the command that anybody may read. */
interface Machine {
  readonly home: string
  readonly data: string
}

let machine: Promise<Machine> | null = null

afterEach(() => {
  machine = null
})

/** The home and the data folder of this test; there is nothing of the real user's in them. */
export async function thisMachine(): Promise<Machine> {
  machine ??= temporaryDirectory().then((root) => ({ home: join(root, 'home'), data: join(root, 'data') }))
  const { home, data } = await machine
  await mkdir(home, { recursive: true })
  await mkdir(data, { recursive: true })
  return { home, data }
}

/** Runs the built command, as a user with an empty home would. */
export async function ceDelta(
  cwd: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  return await ended(await startCeDelta(cwd, args, options), options.input)
}

/** Starts it and does not wait, for those who interrupt it. */
export async function startCeDelta(
  cwd: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<ChildProcess> {
  const { home } = await thisMachine()
  const isRoot = process.getuid?.() === 0
  const project = options.asNobody === true && isRoot ? await readableCopy(home) : PROJECT
  const command = [process.execPath, '--no-warnings', join(project, 'dist', 'cli.js'), ...args]
  const shell = options.umask === undefined ? [] : ['sh', '-c', `umask ${options.umask}; exec "$@"`, 'sh']
  const [program = '', ...rest] = [...(options.wrapper ?? []), ...shell, ...command]
  return spawn(program, rest, {
    cwd,
    env: { ...homeEnvironment(home), ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(options.asNobody === true && isRoot ? { uid: NOBODY, gid: NOBODY } : {}),
  })
}

function homeEnvironment(home: string): NodeJS.ProcessEnv {
  const inherited = Object.entries(gitEnvironment()).filter(
    ([name]) => !/^(XDG_|CE_DELTA_|REMOTE_UPLOAD_|GIT_|NODE_OPTIONS$|JEST_)/.test(name),
  )
  return { ...Object.fromEntries(inherited), HOME: home, GIT_CONFIG_GLOBAL: join(home, '.gitconfig'), LC_ALL: 'C' }
}

export async function ended(child: ChildProcess, input = ''): Promise<CommandResult> {
  const texts = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text
    })
  }
  child.stdin?.on('error', () => undefined).end(input)
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  const lines = texts.stdout.split('\n').filter((line) => line.startsWith('{'))
  const report = lines.map((line) => JSON.parse(line)).find(({ event }) => event === 'report')
  return { exitCode, ...texts, events: lines.map(parseEvent), report }
}

/** `ce-delta push` into the embedded receiver of this test. */
export async function push(
  cwd: string,
  args: readonly string[] = [],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const { data } = await thisMachine()
  return await ceDelta(cwd, ['push', '--json', '--data', data, ...args], options)
}

/** Gives files to the user who is nobody, for {@link CommandOptions.asNobody}. */
export async function giveToNobody(...paths: string[]): Promise<void> {
  if (process.getuid?.() !== 0) return
  const { home, data } = await thisMachine()
  await promisify(execFile)('chown', ['-R', `${NOBODY}:${NOBODY}`, join(home, '..'), data, ...paths])
}

async function readableCopy(home: string): Promise<string> {
  const project = join(home, '..', 'project')
  for (const name of ['dist', 'package.json']) {
    await cp(join(PROJECT, name), join(project, name), { recursive: true, force: false })
  }
  return project
}

/** Asserts the proof: both ends name the same tree, and the mirror has exactly these files. Returns the report. */
export async function expectMirror(result: CommandResult, files: Contents, exitCode = 0): Promise<PushReport> {
  const { report } = result
  expect({ exitCode: result.exitCode, error: report?.error ?? null }).toEqual({ exitCode, error: null })
  expect(report.tree).toMatch(/^[0-9a-f]{40}$/)
  expect(report.receiver_tree).toBe(report.tree)
  const mirror = report.mirror === null ? new Map<string, Buffer>() : await readTree(report.mirror).catch(noFiles)
  expect(comparable(mirror)).toEqual(comparable(files))
  return report
}

/** Pairs of path and content, because names like `__proto__` are keys of no object. */
function comparable(files: Contents): [string, string][] {
  const entries: [string, string | Uint8Array][] = files instanceof Map ? [...files] : Object.entries(files)
  return entries
    .map(([path, content]): [string, string] => [path, Buffer.from(content).toString('latin1')])
    .sort(([left], [right]) => (left < right ? -1 : 1))
}

function noFiles(thrown: NodeJS.ErrnoException): Map<string, Buffer> {
  if (thrown.code === 'ENOENT') return new Map()
  throw thrown
}

/** The files of a work tree, without those that a test names, and without git's own folder. */
export async function filesOf(root: string, without: readonly string[] = []): Promise<Map<string, Buffer>> {
  const files = await readTree(root, { skipGit: true })
  for (const path of without) if (!files.delete(path)) throw new Error(`${path} is not there.`)
  return files
}

/** What was left out, as `reason: path`, sorted. */
export function leftOut(report: PushReport): string[] {
  return report.skipped.map(({ path, reason }) => `${reason}: ${path}`).sort()
}

export function counts(created: number, updated = 0, deleted = 0, moved = 0) {
  return { created, updated, deleted, moved }
}
