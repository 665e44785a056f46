import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { ceDelta, counts, expectMirror, filesOf, leftOut, push, thisMachine } from '../helpers/command.js'
import { git, gitRepository, temporaryDirectory, writeTree } from '../helpers/workspace.js'

const STRANGE = [
  'new\nline',
  'tab\there',
  'esc\u001b[31mred',
  '"quotes" and \'single\'',
  '-leading-dash',
  '--option',
  ' space before and after ',
  'trailing.dot.',
  '%2e%2e%2f',
  'back\\slash',
  ':(glob)**',
  '#comment',
  '!negated',
  '*.ts',
  'a?[b]',
  '~',
  '$(touch marker)',
  '`touch marker`',
  'ümläut-日本語-🙂',
  'e\u0301 and \u00e9',
  '\u00df',
  '\u212aelvin',
  '\u202eright-to-left',
  '\ufeffbom',
  'CON',
  'a:b',
  'con\r',
]

describe('faults.md row 39: strange names', () => {
  test('arrive byte for byte, as files and as folders', async () => {
    const files = new Map(
      STRANGE.flatMap((name): [string, string][] => [
        [name, name],
        [`folder ${name}/${name}`, name],
      ]),
    )
    const root = await gitRepository()
    await writeTree(root, files)
    const first = await push(root)
    expect((await expectMirror(first, files)).operations).toEqual(counts(files.size))
    for (const [index, name] of [...files.keys()].entries()) if (index % 3 === 0) files.set(name, `changed ${name}`)
    await writeTree(root, files)
    await expectMirror(await push(root), files)
    await git(root, 'add', '--all')
    await git(root, 'commit', '--quiet', '--message=all')
    await expectMirror(await push(root, ['--commit', 'HEAD']), files)
  })

  test('cannot write lines of their own, or move the cursor, where people read', async () => {
    const root = await gitRepository()
    const { data } = await thisMachine()
    const evil = '\n::add-mask::x\u001b[2J\u202e'
    await mkdir(join(root, `${evil}.git`))
    await writeTree(root, { [`${evil}.pem`]: 'k', [`x/.GIT/${evil}`]: 'k', a: 'a' })
    for (const args of [['push', '--dry-run'], ['push'], ['status']]) {
      const { stdout, stderr } = await ceDelta(root, [...args, '--data', data])
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it is about
      expect(stdout + stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/)
      expect(stdout + stderr).not.toMatch(/^::/m)
    }
  })
})

test('faults.md row 43: long names and deep folders arrive, those that are too long are named', async () => {
  const long = 'n'.repeat(255)
  const wide = '日'.repeat(85)
  const deep = Array.from({ length: 15 }, () => 'd'.repeat(250)).join('/')
  const many = Array.from({ length: 511 }, () => 'd').join('/')
  const files = {
    [long]: '1',
    [`${wide}/${wide}`]: '2',
    [`${deep}/file`]: '3',
    [`${many}/f`]: '4',
    [`x/${'y'.repeat(97)}`]: '5',
  }
  const root = await gitRepository()
  await writeTree(root, files)
  await expectMirror(await push(root), files)
  await writeTree(root, { [`${many}/d/too-deep`]: '6' })
  const report = await expectMirror(await push(root), files, 3)
  expect(leftOut(report)).toEqual([`name cannot be carried: ${many}/d/too-deep`])
})

test('faults.md row 45: files named like the protocol arrive as files', async () => {
  const files = {
    'manifest.json': '{}',
    'public/manifest.json': '{"version":"9"}',
    'metadata/operations.json': '{"operations":[{"operation":"deleted","path":"a.txt"}]}',
    'metadata/hashes.json': '{}',
    'metadata/git_history.json': '{}',
    'files/created/a.txt': 'other',
    'files/deleted/a.txt': 'x',
    'a.txt': 'mine',
    pax_global_header: 'x',
    'repo-0123456789abcdef/a.txt': 'row 46',
    '.codebase/upload_seq/x.json': '{}',
  }
  const root = await gitRepository({ files })
  await expectMirror(await push(root), files)
  await writeTree(root, { 'a.txt': 'changed', 'public/manifest.json': 'changed' })
  await expectMirror(await push(root), { ...files, 'a.txt': 'changed', 'public/manifest.json': 'changed' })
})

test('faults.md row 47: a .git in disguise is never uploaded', async () => {
  const disguises = ['.GIT', '.Git ', '.git.', 'git~1', 'GIT~1', '.g\u200cit', '.git:x', '.git\\hooks', 'x\\.git']
  const root = await gitRepository({
    files: { a: 'a', '.github/x': 'x', '.gitignore': '', 'git~10': 'x', 'x.git/y': 'y' },
  })
  const wanted = await filesOf(root)
  for (const name of disguises)
    await writeTree(root, { [`${name}/hooks/post-checkout`]: 'evil', [`deep/${name}`]: 'evil' })
  await mkdir(join(root, 'not-a-repository/.git'), { recursive: true })
  await writeFile(join(root, 'not-a-repository/.git/config'), 'evil')
  await writeTree(root, { 'text/.git': 'not a git file' })
  const report = await expectMirror(await push(root), wanted, 3)
  const named = disguises.flatMap((name) => [`${name}/hooks/post-checkout`, `deep/${name}`])
  expect(leftOut(report)).toEqual(named.map((path) => `name cannot be carried: ${path}`).sort())
  expect((await push(root)).report.outcome).toBe('unchanged')
})

test('faults.md row 48: names that mean something to JavaScript arrive', async () => {
  const names = [
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    '__defineGetter__',
    'valueOf',
    'length',
    '0',
    'null',
  ]
  const files = new Map(
    names.flatMap((name): [string, string][] => [
      [name, name],
      [`in/${name}/${name}`, name],
    ]),
  )
  const root = await gitRepository()
  await writeTree(root, files)
  await expectMirror(await push(root), files)
  for (const name of names) files.set(name, 'changed')
  await writeTree(root, files)
  expect((await expectMirror(await push(root), files)).operations).toEqual(counts(0, names.length))
})

test.each(['new\nline', 'ends with a newline\n', '\nbefore', ' "it\'s" ', '#ümläut', '-dash'])(
  'a workspace in a folder called %p is pushed like any other',
  async (name) => {
    const root = join(await temporaryDirectory(), name)
    await writeTree(root, { a: 'a' })
    await git(root, 'init', '--quiet')
    await expectMirror(await push(root), { a: 'a' })
    await git(root, 'add', 'a')
    await git(root, '-c', 'user.name=a', '-c', 'user.email=a', 'commit', '--quiet', '--message=x')
    await writeTree(root, { b: 'b' })
    await expectMirror(await push(root), { a: 'a', b: 'b' })
    await expectMirror(await push(root, ['--commit', 'HEAD']), { a: 'a' })
    expect(await git(root, 'status', '--porcelain')).toBe('?? b')
  },
)
