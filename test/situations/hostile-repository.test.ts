import { existsSync } from 'node:fs'
import { chmod, cp, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { expectMirror, filesOf, push, thisMachine } from '../helpers/command.js'
import { git, gitBytes, gitRepository, temporaryDirectory, writeTree } from '../helpers/workspace.js'

/** A program that leaves a mark when anything runs it. */
async function trap(): Promise<{ program: string; marker: string }> {
  const folder = await temporaryDirectory()
  const [program, marker] = [join(folder, 'trap.sh'), join(folder, 'marker')]
  await writeFile(program, `#!/bin/sh\necho "$0 $*" >> '${marker}'\ncat\nexit 0\n`)
  await chmod(program, 0o755)
  return { program, marker }
}

function hostileConfiguration(program: string): string {
  const filter = `clean = ${program}\n\tsmudge = ${program}\n\tprocess = ${program}\n\trequired = true\n`
  return `
[core]
	fsmonitor = ${program}
	hooksPath = ${program.replace(/\/[^/]*$/, '')}
	sshCommand = ${program}
	pager = ${program}
	editor = ${program}
	autocrlf = true
	eol = crlf
	gitProxy = ${program}
[filter "evil"]
	${filter}
[filter "lfs"]
	${filter}
[diff "evil"]
	textconv = ${program}
	command = ${program}
[merge "evil"]
	driver = ${program}
[diff]
	external = ${program}
[credential]
	helper = ${program}
[gpg]
	program = ${program}
[alias]
	status = !${program}
	ls-files = !${program}
	update-index = !${program}
[uploadpack]
	packObjectsHook = ${program}
`
}

test('faults.md row 100: nothing that a repository names is ever run', async () => {
  const { program, marker } = await trap()
  const files = {
    '.gitattributes': '* filter=evil diff=evil merge=evil text=auto eol=crlf\n',
    a: 'a\n',
    'd/b': 'b\r\n',
  }
  const root = await gitRepository({ files })
  await writeFile(join(root, '.git/config'), hostileConfiguration(program), { flag: 'a' })
  await writeFile(join(root, '.git/info/attributes'), '* filter=evil\n')
  for (const hook of [
    'post-index-change',
    'fsmonitor-watchman',
    'pre-auto-gc',
    'reference-transaction',
    'post-checkout',
  ]) {
    await cp(program, join(root, '.git/hooks', hook))
    await cp(program, join(program, '..', hook))
  }
  await expectMirror(await push(root), files)
  await writeTree(root, { a: 'changed\n', new: 'n' })
  await expectMirror(await push(root), { ...files, a: 'changed\n', new: 'n' })
  await expectMirror(await push(root, ['--commit', 'HEAD']), { ...files, 'd/b': 'b\n' })
  await push(root, ['--dry-run'])
  await push(root, ['--full'])
  expect(existsSync(marker)).toBe(false)
})

test('faults.md row 100: nor what a nested repository names', async () => {
  const { program, marker } = await trap()
  const root = await gitRepository({ files: { a: 'a' } })
  await git(root, 'init', '--quiet', 'nested')
  await writeFile(join(root, 'nested/.git/config'), hostileConfiguration(program), { flag: 'a' })
  await writeTree(root, { 'nested/x': 'x', 'nested/.gitattributes': '* filter=evil\n' })
  await expectMirror(await push(root), { a: 'a', 'nested/x': 'x', 'nested/.gitattributes': '* filter=evil\n' })
  expect(existsSync(marker)).toBe(false)
})

test('faults.md row 100: nor what a prepared state folder names', async () => {
  const { program, marker } = await trap()
  const files = { '.gitattributes': '* filter=evil\n', a: 'a\n' }
  const model = await gitRepository({ files })
  await expectMirror(await push(model), files)
  const root = await gitRepository({ files })
  const state = join(root, '.git/ce-delta')
  await cp(join(model, '.git/ce-delta'), state, { recursive: true })
  const other = join(root, '.git/evil')
  await mkdir(join(other, 'info'), { recursive: true })
  await cp(join(model, '.git/ce-delta'), other, { recursive: true })
  await writeFile(join(other, 'config'), hostileConfiguration(program), { flag: 'a' })
  await writeFile(join(other, 'info/attributes'), '* filter=evil\n')
  await writeFile(join(state, 'commondir'), '../evil\n')
  await writeFile(join(state, 'info/attributes'), '* filter=evil\n')
  await writeTree(root, { a: 'changed\n' })
  await expectMirror(await push(root), { ...files, a: 'changed\n' })
  expect(existsSync(marker)).toBe(false)
})

test('a state folder that is a link is refused', async () => {
  const root = await gitRepository({ files: { a: 'a' } })
  const elsewhere = await temporaryDirectory()
  await writeTree(elsewhere, { config: 'precious' })
  await symlink(elsewhere, join(root, '.git/ce-delta'))
  const result = await push(root)
  expect(result.exitCode).toBe(10)
  expect((await filesOf(elsewhere)).get('config')?.toString()).toBe('precious')
})

test('attributes change no byte: line ends, identifiers, large-file pointers and encodings', async () => {
  const { home } = await thisMachine()
  const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n'
  const files = {
    '.gitattributes':
      '* text=auto eol=crlf\n*.lf text eol=lf\n*.id ident\n*.u16 working-tree-encoding=UTF-16\n*.old crlf=input\n*.lfs filter=lfs\n',
    'mixed.txt': 'one\r\ntwo\nthree\r',
    'crlf.lf': 'a\r\nb\r\n',
    'x.id': '$Id$ $Id: abc $\n',
    'x.u16': 'not UTF-16 at all\n',
    'x.old': 'a\r\nb\n',
    'x.lfs': pointer,
    'no-newline': 'x',
  }
  await writeTree(home, {
    '.gitconfig': '[core]\n\tautocrlf = true\n\tsafecrlf = true\n[filter "lfs"]\n\tclean = false\n\trequired = true\n',
  })
  await writeTree(home, { '.config/git/attributes': '* text eol=lf\n' })
  const root = await gitRepository()
  await writeTree(root, files)
  await expectMirror(await push(root), files)
  const changed = { ...files, 'mixed.txt': 'one\ntwo\r\n', 'x.id': '$Id: def $\r\n' }
  await writeTree(root, changed)
  await expectMirror(await push(root), changed)
})

test('of a file that attributes convert, a commit has the bytes that git stores', async () => {
  const root = await gitRepository({ files: { '.gitattributes': '*.txt text eol=crlf\n', 'a.txt': 'a\n' } })
  expect((await gitBytes(root, ['cat-file', 'blob', 'HEAD:a.txt'])).toString()).toBe('a\n')
  await expectMirror(await push(root, ['--commit', 'HEAD']), {
    '.gitattributes': '*.txt text eol=crlf\n',
    'a.txt': 'a\n',
  })
})
