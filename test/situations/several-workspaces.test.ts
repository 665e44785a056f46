import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from '@jest/globals'
import { ceDelta, push, thisMachine } from '../helpers/command.js'
import { git, gitRepository, readTree, writeTree } from '../helpers/workspace.js'

const CONFIG = {
  workspacePath: '/work/app',
  exclude: ['*.tmp'],
  workspaces: [{ root: 'packages/a' }, { root: './packages/b/', exclude: ['*.snap'] }],
}

let root: string
beforeEach(async () => {
  root = await gitRepository({
    files: {
      'ce-delta.config.json': JSON.stringify(CONFIG),
      'packages/a/x': 'x',
      'packages/a/x.tmp': '',
      'packages/b/src/y': 'y',
      'packages/b/y.snap': '',
      'packages/b/y.tmp': '',
      'docs/z': 'z',
    },
  })
})

/** What the receiver has of a workspace, by its identity. */
async function copyOf(events: readonly object[], workspace: string): Promise<string[]> {
  const report = events.find((event) => Reflect.get(event, 'workspace') === workspace && Reflect.get(event, 'mirror'))
  return [...(await readTree(String(Reflect.get(Object(report), 'mirror')))).keys()]
}

test('push sends each folder under an identity of its own, one after another, and each has its own sequence', async () => {
  const { exitCode, events } = await push(root)
  expect(exitCode).toBe(0)
  expect(events.filter(({ event }) => event === 'workspace').map(({ folder }) => folder)).toEqual([
    'packages/a',
    'packages/b',
  ])
  expect(await copyOf(events, '/work/app/packages/a')).toEqual(['x'])
  expect(await copyOf(events, '/work/app/packages/b')).toEqual(['src/y', 'y.tmp'])
  await writeTree(root, { 'packages/a/new': '' })
  const again = await push(root)
  const reports = again.events.filter(({ event }) => event === 'report')
  expect(reports.map(({ sequence, outcome }) => [sequence, outcome])).toEqual([
    [2, 'confirmed'],
    [1, 'unchanged'],
  ])
  expect(await git(root, 'status', '--porcelain')).toBe('?? packages/a/new')
})

test('in one of the folders, or with -C, it is about that one only; elsewhere about all', async () => {
  const inside = await push(join(root, 'packages/b/src'))
  expect(inside.events.filter(({ event }) => event === 'report')).toMatchObject([{ workspace: '/work/app/packages/b' }])
  const named = await push(root, ['-C', 'packages/a'])
  expect(named.events.filter(({ event }) => event === 'report')).toMatchObject([{ workspace: '/work/app/packages/a' }])
  const elsewhere = await push(join(root, 'docs'))
  expect(elsewhere.events.filter(({ event }) => event === 'report')).toHaveLength(2)
})

test('what looks at a workspace tells of each; what is about one push asks for one of them', async () => {
  const { data } = await thisMachine()
  await push(root)
  for (const [command, event] of [
    ['status', 'status'],
    ['diff', 'diff'],
    ['verify', 'verify'],
    ['log', 'log'],
    ['outbox list', 'outbox'],
    ['outbox retry', 'outbox'],
  ] as const) {
    const { exitCode, events } = await ceDelta(root, [...command.split(' '), '--json', '--data', data])
    expect([command, exitCode, events.filter((item) => item.event === event)]).toEqual([
      command,
      0,
      [expect.anything(), expect.anything()],
    ])
  }
  const { exitCode, stderr } = await ceDelta(root, ['show', '1', '--data', data])
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining('-C packages/a')])
})

test('explain finds the workspace of a path; of a folder that holds several it explains each', async () => {
  const { data } = await thisMachine()
  await push(root)
  const explain = async (...paths: string[]) => await ceDelta(root, ['explain', '--json', '--data', data, ...paths])
  const told = (await explain('packages/b/y.snap', 'packages/a/x', 'packages/b/src')).events
  expect(told.map(({ event, folder, path, reason }) => [event, folder ?? path, reason])).toEqual([
    ['workspace', 'packages/b', undefined],
    ['explain', 'y.snap', 'ignored'],
    ['explain', 'src', null],
    ['workspace', 'packages/a', undefined],
    ['explain', 'x', null],
  ])
  const whole = (await explain('.')).events.filter(({ event }) => event === 'explain')
  expect(whole).toMatchObject([
    { kind: 'folder', path: '', here: 1 },
    { kind: 'folder', path: '', here: 2 },
  ])
  expect(await explain('docs/z')).toMatchObject({ exitCode: 2, stderr: '', events: [{ error: { code: 'usage' } }] })
})

test('the ignore rules above a folder hold in it, and explain names their place', async () => {
  const { data } = await thisMachine()
  await writeTree(root, {
    '.gitignore': '*.log\n/packages/b/out/\n/docs\n',
    'packages/.gitignore': 'b/only-here\n!important.log\n',
    'packages/b/one.log': '',
    'packages/b/important.log': '',
    'packages/b/out/o': '',
    'packages/b/docs/kept': '',
    'packages/b/only-here': '',
    'packages/b/src/only-here': '',
  })
  const { events } = await push(root)
  expect(await copyOf(events, '/work/app/packages/b')).toEqual([
    'docs/kept',
    'important.log',
    'src/only-here',
    'src/y',
    'y.tmp',
  ])
  const explained = await ceDelta(join(root, 'packages/b'), [
    'explain',
    'out/o',
    'only-here',
    'x.snap',
    '--json',
    '--data',
    data,
  ])
  expect(explained.events.map(({ rule }) => rule)).toEqual([
    { pattern: '/packages/b/out/', source: join(root, '.gitignore'), line: 2 },
    { pattern: 'b/only-here', source: join(root, 'packages/.gitignore'), line: 1 },
    { pattern: '*.snap', source: `exclude in ${join(root, 'ce-delta.config.json')}`, line: null },
  ])
})

test('a file that git tracks in spite of a rule above is part of the copy', async () => {
  await writeTree(root, { '.gitignore': 'kept.log\n', 'packages/a/kept.log': '' })
  await git(root, 'add', '--force', 'packages/a/kept.log')
  expect(await copyOf((await push(root)).events, '/work/app/packages/a')).toEqual(['kept.log', 'x'])
})

test('a commit is pushed folder by folder as well', async () => {
  const { events, exitCode } = await push(root, ['--commit', 'HEAD'])
  expect(exitCode).toBe(0)
  expect(await copyOf(events, '/work/app/packages/b')).toEqual(['src/y', 'y.tmp'])
  const state = join((await thisMachine()).home, 'state')
  const { data } = await thisMachine()
  const server = ['ci', '--json', '--data', data, '--state', state]
  // No endpoint: a run on CI fails for each of them, and says so.
  const ci = await ceDelta(root, server)
  expect([ci.exitCode, ci.events.filter(({ event }) => event === 'ci')]).toMatchObject([2, [{}, {}]])
})

describe('a folder that is not there', () => {
  test('is an error of its own: nothing is deleted, the others are pushed, and the exit code tells', async () => {
    await push(root)
    await rename(join(root, 'packages/a'), join(root, 'moved'))
    await writeFile(join(root, 'packages/b/new'), '')
    const { exitCode, events } = await push(root)
    expect(exitCode).toBe(2)
    expect(events.filter(({ event }) => event === 'report')).toMatchObject([
      { outcome: 'failed', error: { code: 'configuration-invalid' } },
      { outcome: 'confirmed', workspace: '/work/app/packages/b' },
    ])
  })

  test('a link out of the work tree is none (row 28)', async () => {
    await rm(join(root, 'packages/a'), { recursive: true })
    await symlink((await thisMachine()).home, join(root, 'packages/a'))
    const { exitCode, events } = await push(root)
    expect([exitCode, events.find(({ event }) => event === 'report')]).toMatchObject([
      2,
      { error: { message: expect.stringContaining('symbolic link') } },
    ])
  })
})

test('a folder with a repository of its own is that repository', async () => {
  await mkdir(join(root, 'packages/c'))
  await git(join(root, 'packages/c'), 'init', '--quiet')
  await writeTree(root, {
    'packages/c/w': '',
    'ce-delta.config.json': JSON.stringify({ workspacePath: '/work/app', workspaces: [{ root: 'packages/c' }] }),
  })
  expect(await copyOf((await push(root)).events, '/work/app/packages/c')).toEqual(['w'])
})

test('the root may be one of them, and is what it was before', async () => {
  const alone = JSON.stringify({ workspacePath: '/work/app' })
  await writeTree(root, { 'ce-delta.config.json': alone })
  await push(root)
  await writeTree(root, {
    'ce-delta.config.json': JSON.stringify({
      workspacePath: '/work/app',
      workspaces: [{ root: '.' }, { root: 'docs' }],
    }),
  })
  const { events } = await push(root)
  const reports = events.filter(({ event }) => event === 'report')
  expect(reports).toMatchObject([
    { workspace: '/work/app', sequence: 2, operations: { created: 0, updated: 1, deleted: 0 } },
    { workspace: '/work/app/docs', sequence: 1 },
  ])
})

test('the hook pushes all of them, and tells the failure where it happened', async () => {
  const { data } = await thisMachine()
  await push(root)
  await writeTree(root, { 'packages/a/new': '', 'packages/b/new': '' })
  const run = await ceDelta(root, ['hook', 'run', 'post-commit', '--json', '--data', data])
  expect(run.events.filter(({ event }) => event === 'report')).toMatchObject([
    { workspace: '/work/app/packages/a', outcome: 'confirmed' },
    { workspace: '/work/app/packages/b', outcome: 'confirmed' },
  ])
  await ceDelta(root, ['hook', 'run', 'post-commit', '--endpoint', 'http://127.0.0.1:9'], {
    env: { CE_DELTA_MAX_RETRIES: '0' },
  })
  const { events } = await ceDelta(root, ['status', '--json', '--data', data])
  expect(events.filter(({ event }) => event === 'status')).toMatchObject([
    { background_failure: { code: 'receiver-unreachable' } },
    { background_failure: { code: 'receiver-unreachable' } },
  ])
})

test('one watch watches all of them', async () => {
  const { data } = await thisMachine()
  const { startCeDelta, ended } = await import('../helpers/command.js')
  const child = await startCeDelta(root, ['watch', '--json', '--settle', '50', '--data', data])
  const seen: string[] = []
  child.stdout?.setEncoding('utf8').on('data', (text: string) => seen.push(text))
  const until = async (isThere: (text: string) => boolean): Promise<void> => {
    while (!isThere(seen.join('')) && child.exitCode === null) await new Promise((done) => setTimeout(done, 50))
  }
  const result = ended(child)
  await until((text) => (text.match(/"event":"report"/g) ?? []).length >= 2)
  await writeTree(root, { 'packages/b/later': '' })
  const flushed = await ceDelta(root, ['watch', '--flush', '--json'])
  expect(flushed.exitCode).toBe(0)
  child.kill('SIGTERM')
  const { events } = await result
  let speaking: unknown = null
  const confirmed: unknown[] = []
  for (const { event, folder, outcome, workspace, sequence } of events) {
    if (event === 'workspace') speaking = folder
    if (event === 'report' && outcome === 'confirmed') confirmed.push([speaking, workspace, sequence])
  }
  expect(confirmed.sort()).toEqual([
    ['packages/a', '/work/app/packages/a', 1],
    ['packages/b', '/work/app/packages/b', 1],
    ['packages/b', '/work/app/packages/b', 2],
  ])
}, 60_000)
