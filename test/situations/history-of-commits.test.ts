import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import type { GitHistory, ToldCommit } from '../../src/bundle/git-history.js'
import { readCommitLog } from '../../src/snapshot/commit-log.js'
import { workspaceInFolder } from '../../src/snapshot/folder-workspace.js'
import { takeSnapshot } from '../../src/snapshot/scan.js'
import { SecretScan } from '../../src/snapshot/secret-scan.js'
import { secretMatcher } from '../../src/snapshot/secrets.js'
import { openShadow } from '../../src/snapshot/shadow.js'
import { locateWorkspace } from '../../src/snapshot/workspace.js'
import { TRACE_CHANNEL } from '../../src/support/trace.js'
import { git, gitBytes, gitRepository, temporaryDirectory, writeTree } from '../helpers/workspace.js'

const SECRET = `ghp_${'a1B2c3D4e5F6'.repeat(3)}`

interface HistoryOptions {
  readonly since?: string | null
  readonly maxCommits?: number
  /** The folder that is the workspace. */
  readonly folder?: string
}

async function historyOf(
  root: string,
  { since = null, maxCommits = 500, folder = '.' }: HistoryOptions = {},
): Promise<GitHistory | null> {
  const shadow = await openShadow(await workspaceInFolder(await locateWorkspace(root, {}), folder, {}))
  const isSecret = secretMatcher(['.env*'], [])
  const rules = { maxFileBytes: 100_000, binaries: false, isSecret, secretScan: new SecretScan('skip', []) }
  const eligibility = { rules, rulesFingerprint: 'x', exclude: ['*.hidden'], nestedRepositories: 'include' } as const
  const { tree: target } = await takeSnapshot(shadow, eligibility)
  return await readCommitLog(shadow, { revision: null, since, maxCommits, target, rules })
}

async function commitsOf(root: string, options: HistoryOptions = {}): Promise<readonly ToldCommit[]> {
  return (await historyOf(root, options))?.commits ?? []
}

async function commit(root: string, message = 'x'): Promise<string> {
  await git(root, 'add', '--all', '--force')
  await gitBytes(root, ['commit', '--quiet', '--allow-empty', '--file=-'], message)
  return await git(root, 'rev-parse', 'HEAD')
}

test('commits are told newest first, with their files and changes, the first one too', async () => {
  const root = await gitRepository({ files: { a: 'one\n', 'd/b': 'b\n' } })
  await writeTree(root, { a: 'two\n' })
  await commit(root, 'second\n\nIts reason.\n\nSigned-off-by: Ada <ada@example.org>\n')
  const history = await historyOf(root)
  expect(history?.previousHead).toBe(null)
  expect(history?.commits.map(({ message, files }) => [message, files])).toEqual([
    ['second\n\nIts reason.\n\nSigned-off-by: Ada <<redacted>>', ['a']],
    ['first', ['a', 'd/b']],
  ])
  expect(history?.commits[0]).toMatchObject({ author: 'Ada Example', date: expect.stringMatching(/^\d{4}-.*T/) })
  expect(history?.commits[0]?.diff).toBe('diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-one\n+two\n')
  expect(history?.commits[1]?.diff).toContain('--- /dev/null\n+++ b/d/b\n@@ -0,0 +1 @@\n+b\n')
})

test('nothing of a file that is not part of the copy leaks: ignored, secret, once secret, too large, binary', async () => {
  const root = await gitRepository()
  await writeTree(root, {
    '.env': 'PASSWORD=canary-1\n',
    'x.hidden': 'canary-2\n',
    'config.ts': `const token = '${SECRET}' // canary-3\n`,
    large: 'canary-4\n'.repeat(20_000),
    binary: Buffer.from('canary-5\0'),
    gone: 'canary-6\n',
    fine: 'fine\n',
    '.gitignore': 'build/\n',
    'same-as-env': 'PASSWORD=canary-1\n',
  })
  await commit(root, 'all of it')
  await rm(join(root, 'gone'))
  await writeTree(root, { 'config.ts': 'const token = process.env.TOKEN\n', large: 'small\n', binary: 'text\n' })
  await rm(join(root, 'same-as-env'))
  await commit(root, 'made clean')
  const commits = await commitsOf(root)
  const told = JSON.stringify(commits)
  expect(told).not.toContain('canary')
  expect(told).not.toContain(SECRET)
  expect(told).not.toContain('.env"')
  expect(commits[1]?.files).toEqual(['.gitignore', 'binary', 'config.ts', 'fine', 'large'])
  expect(commits[1]?.diff).toContain('+fine\n')
})

test('where a folder is the workspace, only the commits that touched it are told, and only of its own files', async () => {
  const folder = 'packages/a [*]'
  const root = await gitRepository()
  await writeTree(root, { [`${folder}/x`]: 'one\n', x: 'canary-outside\n', 'packages/b/x': 'canary-beside\n' })
  await commit(root, 'everywhere')
  await writeTree(root, { x: 'canary-again\n', 'packages/a b/x': 'canary-like-it\n' })
  await commit(root, 'canary-elsewhere')
  await writeTree(root, { [`${folder}/x`]: 'two\n' })
  await commit(root, 'inside')
  const commits = await commitsOf(root, { folder })
  expect(commits.map(({ message, files }) => [message, files])).toEqual([
    ['inside', ['x']],
    ['everywhere', ['x']],
  ])
  expect(commits[0]?.diff).toBe('diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-one\n+two\n')
  expect(JSON.stringify(commits)).not.toContain('canary')
  const previous = await git(root, 'rev-parse', 'HEAD~1')
  expect((await commitsOf(root, { folder, since: previous })).map(({ message }) => message)).toEqual(['inside'])
})

test('messages, authors and names of any kind are data and nothing else', async () => {
  const root = await gitRepository()
  const names = ['__proto__', 'constructor', 'new\nline', '"quoted" \u00fc', 'diff --git a b', ' @@ -1 +1 @@']
  await writeTree(root, Object.fromEntries(names.map((name) => [name, 'x\n'])))
  await writeFile(join(root, '__proto__'), 'x\n')
  const nasty =
    '\u001b[2J\u0007 __proto__ "\\ \u2028 </script>\ncommit 1234567890123456789012345678901234567890\n@@ -1 +1 @@'
  await commit(root, nasty)
  await commitOfBytes(root, Buffer.from('caf\xe9 \xff\xfe', 'latin1'))
  await git(root, '-c', 'user.name=eve@example.org', 'commit', '--quiet', '--allow-empty', '--message=by eve')
  const commits = await commitsOf(root)
  expect(commits.map(({ author }) => author)).toEqual(['<redacted>', 'Ada Example', 'Ada Example'])
  expect(commits[1]?.message).toContain('caf\ufffd')
  expect(commits[2]?.message).toBe(nasty)
  expect([...(commits[2]?.files ?? [])].sort()).toEqual([...names].sort())
  expect(JSON.parse(JSON.stringify(commits))).toEqual(commits)
})

/** As no git writes it any more. */
async function commitOfBytes(root: string, message: Buffer): Promise<void> {
  const lines = [
    `tree ${await git(root, 'rev-parse', 'HEAD^{tree}')}`,
    `parent ${await git(root, 'rev-parse', 'HEAD')}`,
  ]
  const people = ['author', 'committer'].map((role) => `${role} Ada Example <ada@example.org> 1700000000 +0000`)
  const bytes = Buffer.concat([Buffer.from(`${[...lines, ...people].join('\n')}\n\n`), message])
  const id = await gitBytes(root, ['hash-object', '-t', 'commit', '-w', '--stdin'], bytes)
  await git(root, 'reset', '--quiet', id.toString('latin1').trim())
}

test('a file that looks like a patch is shown as what it is', async () => {
  const patch = 'diff --git a/.env b/.env\nindex 1111111..2222222 100644\n@@ -1 +1 @@\n-a\n+b\n'
  const root = await gitRepository({ files: { patch, other: `${'0'.repeat(40)}\n` } })
  const [first] = await commitsOf(root)
  expect(first?.diff).toContain('+diff --git a/.env b/.env\n+index 1111111..2222222 100644\n+@@ -1 +1 @@\n')
  expect(first?.diff).toContain(`+${'0'.repeat(40)}\n`)
})

test('a huge change is cut, and merges are not told', async () => {
  const root = await gitRepository({ files: { a: 'a\n' } })
  await git(root, 'checkout', '--quiet', '-b', 'side')
  await writeTree(root, { side: 'line of text\n'.repeat(5000) })
  await commit(root, 'side')
  await git(root, 'checkout', '--quiet', 'main')
  await writeTree(root, { main: 'm'.repeat(90_000) })
  await commit(root, 'on main')
  await git(root, 'merge', '--quiet', '--no-ff', '--message=merge', 'side')
  const commits = await commitsOf(root)
  expect(commits.map(({ message }) => message).sort()).toEqual(['first', 'on main', 'side'])
  for (const { diff } of commits) expect(diff.length).toBeLessThanOrEqual(6000)
  expect(commits.find(({ message }) => message === 'side')?.diff.endsWith('…')).toBe(true)
})

test('only what is new is told, also when the last commit that was told is gone', async () => {
  const root = await gitRepository({ files: { a: '1' } })
  const first = await git(root, 'rev-parse', 'HEAD')
  await writeTree(root, { a: '2' })
  const second = await commit(root, 'second')
  expect(await historyOf(root, { since: second })).toBe(null)
  expect((await commitsOf(root, { since: first })).map(({ message }) => message)).toEqual(['second'])
  expect((await commitsOf(root, { maxCommits: 1 })).map(({ message }) => message)).toEqual(['second'])
  expect(await commitsOf(root, { since: '1'.repeat(40) })).toHaveLength(2)
  await git(root, 'reset', '--quiet', '--hard', first)
  expect(await historyOf(root, { since: second })).toBe(null)
})

test('a branch without a commit, and a folder without git, have no history', async () => {
  expect(await historyOf(await gitRepository())).toBe(null)
  const plain = await temporaryDirectory()
  await writeTree(plain, { a: 'a' })
  expect(await historyOf(plain)).toBe(null)
})

test('a shallow clone does not tell that its oldest commit made everything', async () => {
  const origin = await gitRepository({ files: { a: '1\n', b: 'old\n' } })
  for (const a of ['2\n', '3\n']) {
    await writeTree(origin, { a })
    await commit(origin, `a is ${a}`)
  }
  const clone = join(await temporaryDirectory(), 'clone')
  await git(origin, 'clone', '--quiet', '--depth=2', `file://${origin}`, clone)
  const commits = await commitsOf(clone)
  expect(commits.map(({ message, files }) => [message, files])).toEqual([
    ['a is 3', ['a']],
    ['a is 2', []],
  ])
})

test('a repository with SHA-256', async () => {
  const root = await temporaryDirectory()
  await git(root, 'init', '--quiet', '--object-format=sha256')
  for (const [name, value] of [
    ['user.name', 'Ada'],
    ['user.email', 'ada@example.org'],
  ] as const)
    await git(root, 'config', name, value)
  await writeTree(root, { a: 'a\n' })
  const head = await commit(root, 'first')
  const history = await historyOf(root)
  expect(history?.head).toBe(head)
  expect(history?.commits[0]).toMatchObject({ id: head, files: ['a'], diff: expect.stringContaining('+a\n') })
  expect(await historyOf(root, { since: head })).toBe(null)
})

test('what the repository configures for diffs is neither run nor followed', async () => {
  const root = await gitRepository({ files: { 'a.txt': 'a\n', '.gitattributes': '*.txt diff=x\n' } })
  await git(root, 'config', 'diff.x.textconv', 'touch textconv-was-run; cat')
  await git(root, 'config', 'diff.external', 'touch external-was-run; true')
  for (const [name, value] of [
    ['color.ui', 'always'],
    ['diff.noprefix', 'true'],
    ['log.showSignature', 'true'],
  ] as const)
    await git(root, 'config', name, value)
  expect((await commitsOf(root))[0]?.diff).toContain('+++ b/a.txt\n@@ -0,0 +1 @@\n+a\n')
  expect((await git(root, 'status', '--porcelain')).trim()).toBe('')
})

test('10,000 commits take as many git processes as two', async () => {
  const root = await gitRepository()
  const small = await gitRepository({ files: { a: '1\n' } })
  const stream = Array.from({ length: 10_000 }, (_, at) => {
    const message = `commit ${at}`
    return `commit refs/heads/main\ncommitter Ada <ada@example.org> ${1_700_000_000 + at} +0000\ndata ${message.length}\n${message}\nM 100644 inline f${at % 50}\ndata ${String(at).length}\n${at}\n\n`
  })
  await gitBytes(root, ['fast-import', '--quiet'], stream.join(''))
  await git(root, 'reset', '--quiet', '--hard')
  const [few, many] = [
    await processesOf(() => commitsOf(small)),
    await processesOf(() => commitsOf(root, { maxCommits: 10_000 })),
  ]
  expect([few.result.length, many.result.length]).toEqual([1, 10_000])
  expect(many.processes).toBe(few.processes)
  expect(many.result[0]).toMatchObject({
    message: 'commit 9999',
    files: ['f49'],
    diff: expect.stringContaining('+9999'),
  })
})

async function processesOf<Result>(work: () => Promise<Result>): Promise<{ result: Result; processes: number }> {
  let processes = 0
  const count = (message: unknown): void => {
    if (JSON.stringify(message).includes('"kind":"git"')) processes++
  }
  subscribe(TRACE_CHANNEL, count)
  try {
    const result = await work()
    return { result, processes }
  } finally {
    unsubscribe(TRACE_CHANNEL, count)
  }
}
