import { mkdir, readFile, stat, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from '@jest/globals'
import { markedBlock, withBlock } from '../../src/triggers/hook/marked-block.js'
import { HOOK_NAMES } from '../../src/triggers/hook/names.js'
import { hookLines } from '../../src/triggers/hook/shim.js'
import { ceDelta, giveToNobody, thisMachine } from '../helpers/command.js'
import {
  command,
  commit,
  expectEqual,
  installHooks,
  runsOf,
  settled,
  userEnvironment,
  writeHook,
} from '../helpers/hooked.js'
import { realLefthook } from '../helpers/lefthook.js'
import { git, gitRepository, readTree, writeTree } from '../helpers/workspace.js'

const HUSKY = fileURLToPath(new URL('../../node_modules/husky/bin.js', import.meta.url))

async function husky(root: string, ...folder: string[]): Promise<void> {
  await command(root, process.execPath, [HUSKY, ...folder], await userEnvironment())
}

async function hooksOf(root: string, ...folders: string[]): Promise<Map<string, string>> {
  const files = await readTree(join(root, ...folders))
  return new Map([...files].map(([path, bytes]) => [path, bytes.toString('latin1')]))
}

/** Install and uninstall leave the folder as it was, and in between a commit is pushed. */
async function expectRoundTrip(root: string, ...folders: string[]): Promise<void> {
  const before = await hooksOf(root, ...folders)
  expect(await installHooks(root)).toMatchObject({ exitCode: 0, stderr: '' })
  const installed = await hooksOf(root, ...folders)
  expect((await installHooks(root)).events[0]).toMatchObject({ hooks: Array(4).fill({ change: 'unchanged' }) })
  expect(await hooksOf(root, ...folders)).toEqual(installed)
  await commit(root, { 'new.txt': 'new\n' })
  await settled(root)
  await expectEqual(root)
  expect((await ceDelta(root, ['hook', 'uninstall'])).exitCode).toBe(0)
  expect(await hooksOf(root, ...folders)).toEqual(before)
}

describe('faults.md row 56: what is there stays', () => {
  test('plain hooks, with some of the user’s', async () => {
    const root = await gitRepository({ files: { a: '1' } })
    await writeHook(join(root, '.git/hooks/post-commit'), '#!/bin/bash\necho mine >> mine.log; exit 7')
    await writeHook(join(root, '.git/hooks/post-merge'), '#!/usr/bin/env sh\r\n')
    await writeHook(join(root, '.git/hooks/post-checkout'), 'true # \xff\n', 0o700)
    await expectRoundTrip(root, '.git', 'hooks')
    expect(await readFile(join(root, 'mine.log'), 'utf8')).toBe('mine\n')
    expect((await stat(join(root, '.git/hooks/post-checkout'))).mode & 0o777).toBe(0o700)
  })

  test.each([[], ['tools/hooks']])('husky %s', async (...folder) => {
    const root = await gitRepository({ files: { a: '1' } })
    await husky(root, ...folder)
    await writeHook(join(root, folder[0] ?? '.husky', 'post-commit'), 'echo mine >> mine.log\n', 0o644)
    await expectRoundTrip(root, folder[0] ?? '.husky')
    expect(await readFile(join(root, 'mine.log'), 'utf8')).toBe('mine\n')
  })

  test('husky that is not set up in this worktree', async () => {
    const root = await gitRepository({ files: { a: '1' } })
    await git(root, 'config', 'core.hooksPath', '.husky/_')
    const { exitCode, events } = await installHooks(root)
    expect({ exitCode, error: events[0]?.error }).toMatchObject({ exitCode: 2, error: { code: 'usage' } })
  })

  test('core.hooksPath inside the repository', async () => {
    const root = await gitRepository({ files: { a: '1', '.githooks/readme': 'x' } })
    await git(root, 'config', 'core.hooksPath', '.githooks')
    await writeHook(join(root, '.githooks/post-commit'), '#!/bin/sh\n:')
    await expectRoundTrip(root, '.githooks')
  })

  test('lefthook: a job for the hooks that it runs, plain hooks for the others', async () => {
    const lefthook = await realLefthook()
    const root = await gitRepository({ files: { a: '1', 'lefthook.yml': LEFTHOOK } })
    await writeTree(root, { 'lefthook-local.yml': 'colors: false' })
    expect((await command(root, lefthook, ['install'], await userEnvironment())).exitCode).toBe(0)
    const before = await readFile(join(root, 'lefthook-local.yml'), 'utf8')
    expect(await installHooks(root)).toMatchObject({ exitCode: 0, stderr: '' })
    expect((await command(root, lefthook, ['validate'], await userEnvironment())).exitCode).toBe(0)
    await commit(root, { 'new.txt': 'new\n' })
    await settled(root)
    await expectEqual(root)
    expect(await readFile(join(root, '.git/mine.log'), 'utf8')).toBe('mine\n')
    await ceDelta(root, ['hook', 'uninstall'])
    expect(await readFile(join(root, 'lefthook-local.yml'), 'utf8')).toBe(before)
  })

  test('lefthook with a job of the user’s for this machine: the job is shown', async () => {
    const lefthook = await realLefthook()
    const root = await gitRepository({ files: { a: '1', 'lefthook.yml': LEFTHOOK } })
    await writeTree(root, { 'lefthook-local.yml': LEFTHOOK })
    await command(root, lefthook, ['install'], await userEnvironment())
    const { exitCode, events } = await installHooks(root)
    expect(exitCode).toBe(2)
    expect(events[0]).toMatchObject({ hooks: expect.arrayContaining([expect.objectContaining({ change: 'refused' })]) })
    expect(await readFile(join(root, 'lefthook-local.yml'), 'utf8')).toBe(LEFTHOOK)
  })
})

test.each(HOOK_NAMES)('the project’s own %s is what an install puts there', async (hook) => {
  const text = await readFile(fileURLToPath(new URL(`../../hooks/${hook}`, import.meta.url)), 'latin1')
  const block = markedBlock(hookLines(hook))
  expect(withBlock(text, block, 'after the shebang')).toBe(text)
  expect(text).toContain(block)
})

const LEFTHOOK = `post-commit:
  jobs:
    - name: mine
      run: echo mine >> .git/mine.log
`

describe('faults.md row 56: what cannot have our lines is refused, with instructions', () => {
  test.each([
    ['for another program', '#!/usr/bin/env python3\nprint()\n', 0o755],
    ['a binary', '\x7fELF\0\0', 0o755],
    ['not executable', '#!/bin/sh\n', 0o644],
  ])('a hook that is %s; the others are installed', async (_, text, mode) => {
    const root = await gitRepository({ files: { a: '1' } })
    await writeHook(join(root, '.git/hooks/post-merge'), text, mode)
    const { exitCode, events } = await installHooks(root)
    expect(exitCode).toBe(2)
    expect(events[0]).toMatchObject({
      hooks: [
        { hook: 'post-commit', change: 'installed' },
        { hook: 'post-merge', change: 'refused', next: expect.stringContaining('ce-delta-hook.sh') },
        { hook: 'post-checkout', change: 'installed' },
        { hook: 'post-rewrite', change: 'installed' },
      ],
    })
    expect(await readFile(join(root, '.git/hooks/post-merge'), 'latin1')).toBe(text)
  })

  test('a link: what it leads to is not touched', async () => {
    const root = await gitRepository({ files: { a: '1', script: '#!/bin/sh\n' } })
    await symlink('../../script', join(root, '.git/hooks/post-commit'))
    expect((await installHooks(root)).exitCode).toBe(2)
    expect(await readFile(join(root, 'script'), 'utf8')).toBe('#!/bin/sh\n')
  })

  test('core.hooksPath outside, as in a global configuration, unless asked', async () => {
    const root = await gitRepository({ files: { a: '1' } })
    const { home } = await thisMachine()
    const folder = join(home, 'hooks')
    await mkdir(folder)
    await writeTree(home, { '.gitconfig': `[core]\n\thooksPath = ${folder}\n` })
    const refused = await installHooks(root)
    expect({ exitCode: refused.exitCode, files: await hooksOf(folder) }).toEqual({ exitCode: 2, files: new Map() })
    expect(refused.events[0]).toMatchObject({ error: { next: expect.stringContaining('--outside') } })
    expect((await installHooks(root, '--outside')).exitCode).toBe(0)
    expect([...(await hooksOf(folder)).keys()]).toHaveLength(4)
    await ceDelta(root, ['hook', 'uninstall', '--outside'])
    expect(await hooksOf(folder)).toEqual(new Map())
  })

  test('core.hooksPath=/dev/null', async () => {
    const root = await gitRepository({ files: { a: '1' } })
    await git(root, 'config', 'core.hooksPath', '/dev/null')
    expect(await installHooks(root)).toMatchObject({ exitCode: 2, events: [{ error: { code: 'usage' } }] })
    expect((await ceDelta(root, ['hook', 'uninstall'])).exitCode).toBe(0)
  })

  test('a folder that cannot be written', async () => {
    const root = await gitRepository({ files: { a: '1' } })
    await giveToNobody(root)
    await command(root, 'chmod', ['0555', '.git/hooks'], process.env)
    const result = await ceDelta(root, ['hook', 'install', '--json'], { asNobody: true })
    expect(result.exitCode).toBe(2)
    expect(result.events[0]).toMatchObject({ hooks: Array(4).fill({ change: 'refused' }) })
    await command(root, 'chmod', ['0755', '.git/hooks'], process.env)
  })

  test('a folder without git', async () => {
    const { home } = await thisMachine()
    expect(await installHooks(home)).toMatchObject({ exitCode: 10 })
  })
})

test('faults.md row 21: installed and removed in parallel, a hook is old or new, never half', async () => {
  const root = await gitRepository({ files: { a: '1' } })
  const text = '#!/bin/sh\necho mine >> mine.log\n'
  await writeHook(join(root, '.git/hooks/post-commit'), text)
  const actions = ['install', 'uninstall', 'install', 'install', 'uninstall', 'install']
  await Promise.all(actions.map(async (action) => await ceDelta(root, ['hook', action])))
  await ceDelta(root, ['hook', 'uninstall'])
  expect(await hooksOf(root, '.git', 'hooks').then((hooks) => hooks.get('post-commit'))).toBe(text)
  expect([...(await hooksOf(root, '.git', 'hooks')).keys()].filter((name) => name.startsWith('post-c'))).toEqual([
    'post-commit',
  ])
  expect(await runsOf(root)).toEqual([])
})
