import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { counts, expectMirror, push } from '../helpers/command.js'
import { git, gitRepository, temporaryDirectory, writeTree } from '../helpers/workspace.js'

async function fingerprint(root: string): Promise<string> {
  const hash = createHash('sha256')
  for (const name of ['index', 'HEAD', 'config', 'refs/heads/main'])
    hash.update(await readFile(join(root, '.git', name)))
  return hash.digest('hex')
}

/** What git exports to hooks (faults.md 0.4), and what else may be lying around in an environment. */
const LEAKS: Readonly<Record<string, (root: string, other: string) => NodeJS.ProcessEnv>> = {
  'a relative index': () => ({ GIT_INDEX_FILE: '.git/index' }),
  'the lock of the index, as in commit -a': () => ({ GIT_INDEX_FILE: '.git/index.lock' }),
  'the index of a partial commit': (root) => ({ GIT_INDEX_FILE: join(root, '.git/next-index-1234.lock') }),
  'the git folder, relative': () => ({ GIT_DIR: '.git' }),
  'the git folder, absolute, with the index': (root) => ({
    GIT_DIR: join(root, '.git'),
    GIT_INDEX_FILE: join(root, '.git/index'),
  }),
  'the git folder and the work tree': () => ({ GIT_DIR: '.git', GIT_WORK_TREE: '.' }),
  'the git folder of another repository': (_, other) => ({ GIT_DIR: join(other, '.git') }),
  'the index and work tree of another repository': (_, other) => ({
    GIT_DIR: join(other, '.git'),
    GIT_WORK_TREE: other,
    GIT_INDEX_FILE: join(other, '.git/index'),
  }),
  'an object folder': (_, other) => ({ GIT_OBJECT_DIRECTORY: join(other, '.git/objects') }),
  'a quarantine': (_, other) => ({
    GIT_QUARANTINE_PATH: join(other, '.git/objects/incoming'),
    GIT_OBJECT_DIRECTORY: join(other, '.git/objects/incoming'),
    GIT_ALTERNATE_OBJECT_DIRECTORIES: join(other, '.git/objects'),
  }),
  'a common folder': (_, other) => ({ GIT_COMMON_DIR: join(other, '.git') }),
  'configuration parameters': () => ({ GIT_CONFIG_PARAMETERS: "'core.worktree'='/tmp' 'core.autocrlf'='true'" }),
  'a prefix': () => ({ GIT_PREFIX: 'd/' }),
  'a namespace': () => ({ GIT_NAMESPACE: 'elsewhere' }),
  'pathspec rules': () => ({ GIT_LITERAL_PATHSPECS: '1', GIT_ICASE_PATHSPECS: '1' }),
  'another hash': () => ({ GIT_DEFAULT_HASH: 'sha256' }),
  'a template': (_, other) => ({ GIT_TEMPLATE_DIR: other }),
  'what a rebase and an editor leave': () => ({
    GIT_REFLOG_ACTION: 'rebase',
    GIT_AUTHOR_DATE: 'nonsense',
    GIT_AUTHOR_NAME: '',
    GIT_COMMITTER_EMAIL: '<>',
    GIT_EDITOR: ':',
    GIT_CHERRY_PICK_HELP: 'x',
  }),
  'programs to run': () => ({
    GIT_EXTERNAL_DIFF: 'false',
    GIT_SSH_COMMAND: 'false',
    GIT_PAGER: 'false',
    PAGER: 'false',
    EDITOR: 'false',
  }),
  'tracing and a language': () => ({ GIT_TRACE: '1', LC_ALL: 'de_DE.UTF-8', LANGUAGE: 'de' }),
}

test.each(Object.keys(LEAKS))('faults.md row 49: %s changes nothing', async (name) => {
  const root = await gitRepository({ files: { a: 'a', 'd/b': 'b\r\n' } })
  const other = await gitRepository({ files: { other: 'o' } })
  const env = LEAKS[name]?.(root, other) ?? {}
  const before = [await fingerprint(root), await fingerprint(other)]
  await expectMirror(await push(root, [], { env }), { a: 'a', 'd/b': 'b\r\n' })
  await writeTree(root, { a: 'changed', c: 'c' })
  const second = await expectMirror(await push(root, [], { env }), { a: 'changed', 'd/b': 'b\r\n', c: 'c' })
  expect(second.operations).toEqual(counts(1, 1))
  await expectMirror(await push(root, ['--commit', 'main'], { env }), { a: 'a', 'd/b': 'b\r\n' })
  expect([await fingerprint(root), await fingerprint(other)]).toEqual(before)
  expect(await git(other, 'status', '--porcelain')).toBe('')
})

test('faults.md row 49: nor do those of a linked worktree', async () => {
  const root = await gitRepository({ files: { a: 'a' } })
  const linked = join(await temporaryDirectory(), 'linked')
  await git(root, 'worktree', 'add', '--quiet', '-b', 'topic', linked)
  const directory = join(root, '.git/worktrees/linked')
  const env = { GIT_DIR: directory, GIT_INDEX_FILE: join(directory, 'index'), GIT_PREFIX: '' }
  await writeTree(linked, { b: 'b' })
  await expectMirror(await push(linked, [], { env }), { a: 'a', b: 'b' })
  await expectMirror(await push(root, [], { env }), { a: 'a' })
})
