import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, readlink, realpath, rm, writeFile } from 'node:fs/promises'
import { devNull, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach } from '@jest/globals'
import { escapeBytes } from '../../src/support/text.js'

const temporaries: string[] = []

afterEach(async () => {
  for (const folder of temporaries.splice(0)) await rm(folder, { recursive: true, force: true, maxRetries: 3 })
})

/** A new empty folder, without symbolic links in its name. It is gone after the test that asked for it. */
export async function temporaryDirectory(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'ce-delta-test-')))
  temporaries.push(folder)
  return folder
}

export type Contents = Readonly<Record<string, string | Uint8Array>> | ReadonlyMap<string, string | Uint8Array>

/** Writes files below `root`, with the folders that they need. Nothing is removed. */
export async function writeTree(root: string, files: Contents): Promise<void> {
  for (const [path, content] of files instanceof Map ? files : Object.entries(files)) {
    const file = join(root, path)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, content)
  }
}

/**
 * Every file below `root`, sorted by path. A symbolic link is not followed: it reads as `link to <target>`. A name
 * that is not UTF-8 is escaped. With `skipGit` a `.git` at the top is left out.
 */
export async function readTree(
  root: string,
  options: { readonly skipGit?: boolean } = {},
): Promise<Map<string, Buffer>> {
  const files: [string, Buffer][] = []
  const visit = async (folder: Buffer, prefix: string): Promise<void> => {
    for (const entry of await readdir(folder, { withFileTypes: true, encoding: 'buffer' })) {
      const path = `${prefix}${escapeBytes(entry.name)}`
      const place = Buffer.concat([folder, SLASH, entry.name])
      if (path === '.git' && options.skipGit === true) continue
      if (entry.isDirectory()) await visit(place, `${path}/`)
      else if (entry.isSymbolicLink()) files.push([path, Buffer.from(`link to ${await readlink(place)}`)])
      else if (entry.isFile()) files.push([path, await readFile(place)])
      else throw new Error(`${path} is neither a file, a folder nor a link.`)
    }
  }
  await visit(Buffer.from(root), '')
  return new Map(files.sort(([left], [right]) => (left < right ? -1 : 1)))
}

const SLASH = Buffer.from('/')

/** A repository on the branch `main`; with `files`, they are its first commit. Returns the path of its work tree. */
export async function gitRepository(options: { readonly files?: Contents } = {}): Promise<string> {
  const root = await temporaryDirectory()
  await git(root, 'init', '--quiet', '--initial-branch=main')
  for (const [name, value] of CONFIGURATION) await git(root, 'config', name, value)
  if (options.files !== undefined) {
    await writeTree(root, options.files)
    await git(root, 'add', '--all', '--force')
    await git(root, 'commit', '--quiet', '--message=first')
  }
  return root
}

const CONFIGURATION = [
  ['user.name', 'Ada Example'],
  ['user.email', 'ada@example.org'],
  ['core.autocrlf', 'false'],
  ['commit.gpgSign', 'false'],
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
] as const

/** Runs git as a user without any configuration of their own would; returns what it printed, without the last newline. */
export async function git(cwd: string, ...args: string[]): Promise<string> {
  return (await gitBytes(cwd, args)).toString('utf8').replace(/\n$/, '')
}

/** Like {@link git}, for input and output that are bytes. */
export async function gitBytes(cwd: string, args: readonly string[], input: string | Uint8Array = ''): Promise<Buffer> {
  const running = promisify(execFile)('git', args, {
    cwd,
    env: gitEnvironment(),
    encoding: 'buffer',
    maxBuffer: 2 ** 30,
  })
  // A git that ends without reading its input closes the pipe; how it ended is told by its exit code.
  running.child.stdin?.on('error', () => undefined).end(input)
  return (await running).stdout
}

/** This process's environment without anything that redirects git (a hook that runs the tests exports such things). */
export function gitEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_'))
  return { ...Object.fromEntries(own), GIT_CONFIG_GLOBAL: devNull, GIT_CONFIG_NOSYSTEM: '1', LC_ALL: 'C' }
}
