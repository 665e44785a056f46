import { execFile } from 'node:child_process'
import { chmod, lstat, mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { age } from '../helpers/aging.js'
import { expectMirror, push } from '../helpers/command.js'
import { git, gitEnvironment, gitRepository, readTree } from '../helpers/workspace.js'
import { clearWay } from './clear-way.js'

/** One step of a history. Paths are few and short, so that files, folders and links get into each other's way. */
type Step = readonly [kind: Kind, path: string, other: string, content: string, command: readonly string[]]

const KINDS = [
  'write',
  'write',
  'write',
  'delete',
  'rename',
  'swap',
  'folder',
  'link',
  'mode',
  'ignore',
  'git',
  'git',
  'push',
  'quiet',
] as const
type Kind = (typeof KINDS)[number]

const GIT_COMMANDS = [
  ['add', '--all'],
  ['commit', '--quiet', '--allow-empty', '--message=x'],
  ['reset', '--quiet', '--hard'],
  ['stash', '--include-untracked', '--quiet'],
  ['stash', 'pop', '--quiet'],
  ['checkout', '--quiet', '--force', '-B', 'other'],
  ['checkout', '--quiet', '--force', 'HEAD~1'],
  ['rm', '--quiet', '-r', '--cached', '.'],
  ['clean', '-fdq'],
  ['gc', '--quiet', '--prune=now'],
] as const

const step: fc.Arbitrary<Step> = fc.tuple(
  fc.constantFrom(...KINDS),
  fc.constantFrom('a', 'b', 'a/a', 'a/b', 'b/a', 'b/a/c', 'c'),
  fc.constantFrom('a', 'b', 'a/a', 'a/b', 'b/a', 'd', 'd/e'),
  fc.constantFrom('', '1', '2', 'x\r\n', 'nul\0', 'a\n', 'ignored'),
  fc.constantFrom<readonly string[]>(...GIT_COMMANDS),
)

/** Steps that the file system or git refuse are no steps. */
async function take(root: string, [kind, path, other, content, command]: Step): Promise<void> {
  const [from, to] = [join(root, path), join(root, other)]
  const steps: Readonly<Record<Kind, () => Promise<unknown>>> = {
    write: async () => {
      await clearWay(root, path)
      await writeFile(from, content)
    },
    delete: () => rm(from, { recursive: true }),
    rename: async () => {
      await mkdir(dirname(to), { recursive: true })
      await rename(from, to)
    },
    swap: async () => {
      await rename(from, join(root, 'swap'))
      await rename(to, from).catch(() => undefined)
      await rename(join(root, 'swap'), to).catch(() => undefined)
    },
    folder: async () => {
      await rm(from, { recursive: true, force: true })
      await mkdir(from, { recursive: true })
    },
    link: () => symlink(other, from),
    mode: () => chmod(from, 0o755),
    ignore: () => writeFile(join(root, '.gitignore'), content === '' ? '' : `${other}\n!${path}\n`),
    git: () => runQuietly(root, command),
    push: () => checkedPush(root),
    quiet: () => quietWhile(root),
  }
  if (kind === 'push' || kind === 'quiet') await steps[kind]()
  else await steps[kind]().catch(() => undefined)
}

async function runQuietly(root: string, args: readonly string[]): Promise<void> {
  await promisify(execFile)('git', ['-c', 'core.autocrlf=false', ...args], { cwd: root, env: gitEnvironment() })
}

/** The model: what is on disk, without links and binaries, and without what git calls ignored. */
async function eligibleFiles(root: string): Promise<Map<string, Buffer>> {
  const others = (await git(root, 'ls-files', '-z', '--others', '--ignored', '--exclude-standard')).split('\0')
  const ignored = new Set(others)
  const all = [...(await readTree(root, { skipGit: true }))]
  const links = new Set(
    await Promise.all(all.map(async ([path]) => ((await lstat(join(root, path))).isFile() ? '' : path))),
  )
  return new Map(all.filter(([path, bytes]) => !ignored.has(path) && !links.has(path) && !bytes.includes(0)))
}

async function checkedPush(root: string): Promise<void> {
  await expectMirror(await push(root), await eligibleFiles(root))
}

/** Afterwards git is believed as long as nothing changes: the ignored files are not asked for again. */
async function quietWhile(root: string): Promise<void> {
  await age(root)
  await push(root)
  await checkedPush(root)
}

/** Told as it was found: to look for a shorter history could take longer than a test may. */
const SETTINGS = { numRuns: Number(process.env.CE_DELTA_TEST_RUNS ?? 7), endOnFailure: true }
const SEED = Number(process.env.CE_DELTA_TEST_SEED ?? 20_260_101)

test.each([SEED, SEED + 1, SEED + 2])(
  'whatever happens in a work tree, after a push the mirror is its eligible files (seed %i)',
  async (seed) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 10 }), async (steps) => {
        const root = await gitRepository({ files: { a: 'a', 'b/a': 'b', 'b/b': 'b\r\n' } })
        await checkedPush(root)
        for (const next of steps) await take(root, next)
        await checkedPush(root)
        expect((await push(root)).report.outcome).toBe('unchanged')
        expect(await readdir(root)).not.toContain('.ce-delta-door')
      }),
      { ...SETTINGS, seed },
    )
  },
)
