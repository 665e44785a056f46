import { readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { age } from '../helpers/aging.js'
import { expectMirror, filesOf, leftOut, push, thisMachine } from '../helpers/command.js'
import { git, gitRepository, temporaryDirectory, writeTree } from '../helpers/workspace.js'

/** What the rules leave out of {@link quietRepository}. */
const OUT = ['dist/other.js', 'dist/data', 'hidden/.gitignore', 'excepted/.gitignore']

/**
 * Once nothing has changed for a while git is not asked for the ignored files any more. Each of these changes must be
 * noticed all the same.
 */
describe('after a quiet while', () => {
  test('nothing is asked of the user’s repository beyond where it is', async () => {
    const root = await quietRepository()
    expect(await commandsIn(root)).not.toContain('ls-files')
    await git(root, 'add', '--force', 'dist/other.js')
    expect(await commandsIn(root)).toContain('ls-files')
  })

  test.each<[string, (root: string) => Promise<unknown>, readonly string[]]>([
    ['nothing', async () => undefined, OUT],
    [
      'a .gitignore that ignores itself leaves out what is beside it',
      async (root) => await writeTree(root, { 'src/deep/.gitignore': '*\n' }),
      [...OUT, 'src/deep/.gitignore', 'src/deep/a.ts'],
    ],
    [
      'a .gitignore that ignores itself gets another rule of the same length, and keeps its time',
      async (root) => await replaceKeepingTime(join(root, 'hidden/.gitignore'), '*.old', '*.txt'),
      [...OUT, 'hidden/a.txt'],
    ],
    [
      'a .gitignore that ignores itself takes its exception with it',
      async (root) => await rm(join(root, 'excepted/.gitignore')),
      ['dist/other.js', 'dist/data', 'hidden/.gitignore', 'excepted/a.log'],
    ],
    [
      'info/exclude gets a rule',
      async (root) => await writeTree(root, { '.git/info/exclude': 'src/deep/\n' }),
      [...OUT, 'src/deep/a.ts'],
    ],
    [
      'the global file gets a rule',
      async () => await writeTree((await thisMachine()).home, { '.config/git/ignore': 'a.ts\n' }),
      [...OUT, 'src/deep/a.ts'],
    ],
    [
      'a rule of our own, which holds for tracked files too',
      async (root) => await writeTree(root, { '.cedeltaignore': 'kept.js\n.cedeltaignore\n' }),
      [...OUT, 'dist/kept.js', '.cedeltaignore'],
    ],
    [
      'an ignored file is tracked',
      async (root) => await git(root, 'add', '--force', 'dist/other.js'),
      OUT.filter((name) => name !== 'dist/other.js'),
    ],
    [
      'an ignored file is tracked no longer',
      async (root) => await git(root, 'rm', '--quiet', '--cached', 'dist/kept.js'),
      [...OUT, 'dist/kept.js'],
    ],
    [
      'a tracked, ignored file becomes eligible',
      async (root) => await writeFile(join(root, 'dist/data'), 'text'),
      OUT.filter((name) => name !== 'dist/data'),
    ],
  ])('%s', async (_, change, out) => {
    const root = await quietRepository()
    await change(root)
    for (const _again of [1, 2]) await expectMirror(await push(root), await filesOf(root, out))
  })

  test('a tracked, ignored file that went away comes back', async () => {
    const root = await quietRepository()
    const away = join(await temporaryDirectory(), 'away')
    await rename(join(root, 'dist/kept.js'), away)
    await expectMirror(await push(root), await filesOf(root, OUT))
    await expectMirror(await push(root), await filesOf(root, OUT))
    await rename(away, join(root, 'dist/kept.js'))
    await expectMirror(await push(root), await filesOf(root, OUT))
  })

  test('a .gitignore that ignores itself and changes while a push looks around holds from the next push on', async () => {
    const root = await quietRepository()
    await git(root, 'add', '--force', 'dist/other.js')
    const tools = await temporaryDirectory()
    await writeFile(join(tools, 'git'), LATE_RULE, { mode: 0o755 })
    const env = { PATH: `${tools}:${process.env.PATH}`, REAL_PATH: process.env.PATH, ASKED: join(tools, 'asked') }
    await push(root, [], { env })
    expect(await readFile(join(root, 'hidden/.gitignore'), 'utf8')).toContain('a.txt')
    const out = [...OUT.filter((name) => name !== 'dist/other.js'), 'hidden/a.txt']
    await expectMirror(await push(root), await filesOf(root, out))
  })

  test('a tracked, ignored file that is not eligible is named each time', async () => {
    const root = await quietRepository()
    for (const _ of [1, 2]) expect(leftOut((await push(root)).report)).toEqual(['binary: dist/data'])
  })
})

/** A git that has told the ignored files when a rule is added, and then looks at the work tree. */
const LATE_RULE = `#!/bin/sh
PATH=$REAL_PATH
case "$*" in
*"ls-files -c -i -z --exclude-standard"*) git "$@"; code=$?; touch "$ASKED"; exit $code ;;
*" status --porcelain"*)
  while [ ! -e "$ASKED" ]; do sleep 0.01; done
  grep -q a.txt hidden/.gitignore || echo a.txt >> hidden/.gitignore
  exec git "$@"
  ;;
*) exec git "$@" ;;
esac
`

/** A repository that was pushed, and that nobody has touched for so long that git believes its cache of folders. */
async function quietRepository(): Promise<string> {
  const root = await gitRepository({
    files: { '.gitignore': 'dist/\n*.log\n', 'dist/kept.js': '1', 'dist/data': Buffer.from([0]) },
  })
  await writeTree(root, {
    'dist/other.js': '2',
    'src/deep/a.ts': 'a',
    'hidden/.gitignore': '*.old\n.gitignore\n',
    'hidden/a.txt': 'a',
    'excepted/.gitignore': '!*.log\n.gitignore\n',
    'excepted/a.log': 'a',
  })
  await age(root)
  await push(root)
  await push(root)
  await expectMirror(await push(root), await filesOf(root, OUT))
  return root
}

async function replaceKeepingTime(path: string, from: string, to: string): Promise<void> {
  const { atime, mtime } = await stat(path)
  await writeFile(path, (await readFile(path, 'utf8')).replace(from, to))
  await utimes(path, atime, mtime)
}

/** The git commands that a push runs in the user's repository, whose tracing is the user's. */
async function commandsIn(root: string): Promise<string[]> {
  const folder = await temporaryDirectory()
  await push(root, [], { env: { GIT_TRACE2_EVENT: folder } })
  const traces = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')))
  return traces.flatMap((trace) =>
    [...trace.matchAll(/"event":"cmd_name".*"name":"([^"]+)"/g)].map(([, name = '']) => name),
  )
}
