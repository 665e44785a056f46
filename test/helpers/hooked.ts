import { execFile } from 'node:child_process'
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { expect } from '@jest/globals'
import { backgroundPlace, readBackgroundRuns } from '../../src/report/background.js'
import { ceDelta, thisMachine } from './command.js'
import { type Contents, git, gitEnvironment, gitRepository, readTree, writeTree } from './workspace.js'

export interface GitResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** What a user of this test's machine has in their environment; hooks inherit it. */
export async function userEnvironment(more: NodeJS.ProcessEnv = {}): Promise<NodeJS.ProcessEnv> {
  const { home, data } = await thisMachine()
  const own = Object.entries(gitEnvironment()).filter(
    ([name]) => !/^(XDG_|CE_DELTA_|REMOTE_UPLOAD_|HUSKY|CI$)/.test(name),
  )
  return { ...Object.fromEntries(own), HOME: home, CE_DELTA_DATA_DIR: data, ...more }
}

/** Runs git as a user does; its hooks run. That it fails is an answer. */
export async function userGit(cwd: string, args: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<GitResult> {
  return await command(cwd, 'git', args, await userEnvironment(more))
}

export async function command(
  cwd: string,
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<GitResult> {
  try {
    const { stdout, stderr } = await promisify(execFile)(program, args, { cwd, env })
    return { exitCode: 0, stdout, stderr }
  } catch (thrown) {
    if (!isExit(thrown)) throw thrown
    return { exitCode: thrown.code, stdout: thrown.stdout, stderr: thrown.stderr }
  }
}

function isExit(thrown: unknown): thrown is { code: number; stdout: string; stderr: string } {
  return typeof thrown === 'object' && thrown !== null && 'code' in thrown && typeof thrown.code === 'number'
}

/** A repository with a first commit and the hooks installed. */
export async function hookedRepository(files: Contents = { 'a.txt': 'one\n' }): Promise<string> {
  const root = await gitRepository({ files })
  expect((await installHooks(root)).exitCode).toBe(0)
  return root
}

export async function installHooks(root: string, ...args: string[]) {
  return await ceDelta(root, ['hook', 'install', '--json', ...args])
}

/** Writes the files and commits them, with hooks. */
export async function commit(root: string, files: Contents, more: NodeJS.ProcessEnv = {}): Promise<GitResult> {
  await writeTree(root, files)
  await git(root, 'add', '--all')
  return await userGit(root, ['commit', '--quiet', '--message=more'], more)
}

export async function stateOf(root: string): Promise<string> {
  return join(root, await git(root, 'rev-parse', '--git-path', 'ce-delta').then((path) => path.replace(`${root}/`, '')))
}

/** The pushes that hooks of this worktree made, as they were recorded. */
export async function runsOf(root: string): Promise<string[]> {
  return (
    await readBackgroundRuns(await git(root, 'rev-parse', '--absolute-git-dir').then((dir) => join(dir, 'ce-delta')))
  ).map(({ outcome }) => outcome)
}

const LONGEST = 60_000

/** Waits until no hook works any more and at least so many pushes were made; returns their outcomes. */
export async function settled(root: string, atLeast = 1): Promise<string[]> {
  const directory = join(await git(root, 'rev-parse', '--absolute-git-dir'), 'ce-delta')
  const place = backgroundPlace(directory)
  const deadline = performance.now() + LONGEST
  for (;;) {
    const runs = await runsOf(root)
    const names: string[] = await readdir(place.directory).catch(() => [])
    const isOver = !names.includes('runner') && !names.includes('run.lock') && !names.includes('dirty')
    if (isOver && runs.length >= atLeast) return runs
    if (performance.now() > deadline) throw new Error(`${runs.length} runs, ${names}: ${await logOf(root)}`)
    await sleep(50)
  }
}

export async function logOf(root: string): Promise<string> {
  const directory = await git(root, 'rev-parse', '--absolute-git-dir')
  return await readFile(backgroundPlace(join(directory, 'ce-delta')).log, 'utf8').catch(() => '')
}

/** The receiver holds the files of the work tree that are not ignored, and no others. Returns the sequence. */
export async function expectEqual(root: string): Promise<number> {
  const { data } = await thisMachine()
  const { events, stderr } = await ceDelta(root, ['status', '--json', '--data', data])
  const [status] = events
  expect({ equal: status?.equal, stderr }).toEqual({ equal: 'yes', stderr: '' })
  const there = Reflect.get(Object(status), 'there')
  const mirror = await readTree(String(Reflect.get(Object(there), 'mirror')))
  const here = await git(root, 'ls-files', '-co', '--exclude-standard', '-z')
  expect([...mirror.keys()]).toEqual([...new Set(here.split('\0').filter((path) => path !== ''))].sort())
  return Number(Reflect.get(Object(there), 'sequence'))
}

export async function writeHook(path: string, text: string, mode = 0o755): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await rm(path, { force: true })
  await writeFile(path, text, 'latin1')
  await chmod(path, mode)
}
