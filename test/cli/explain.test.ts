import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { ceDelta, push, thisMachine } from '../helpers/command.js'
import { git, gitRepository, temporaryDirectory, writeTree } from '../helpers/workspace.js'

const FILES = {
  'src/a.ts': 'a',
  'src/x.log': 'x',
  'forced.log': 'x',
  '.env': 'SECRET=1',
  bin: 'x\0y',
  large: 'x'.repeat(2000),
  'gen.ts': 'g',
  'mine.txt': 'm',
  'snap.1': 's',
  'node_modules/p/index.js': 'p',
  '.gitignore': '# logs\n*.log\nnode_modules/\n',
  '.cedeltaignore': '\ngen.*\n',
  'ce-delta.config.json': '{ "exclude": ["snap.*"], "maxFileSize": "1 kB" }',
  '.git/info/exclude': '# mine\n#\nmine.txt\n',
}

async function workspace(): Promise<string> {
  const root = await gitRepository()
  await writeTree(root, FILES)
  await symlink('src', join(root, 'link'))
  await git(root, 'add', '--force', 'forced.log')
  await push(root)
  return root
}

async function explain(root: string, ...paths: string[]) {
  const { data } = await thisMachine()
  return await ceDelta(root, ['explain', '--json', '--data', data, ...paths])
}

describe('explain', () => {
  test('names the reason, and the rule with its file and line', async () => {
    const root = await workspace()
    const { events, exitCode } = await explain(root, ...LEFT_OUT.map(([path]) => path))
    expect(exitCode).toBe(0)
    const told = events.map(({ path, reason, rule }) => [path, reason, rule])
    expect(told).toEqual(LEFT_OUT.map(([path, reason, rule]) => [path, reason, ruleOf(rule)]))
  })

  test('tells what both ends have, and which push brought it', async () => {
    const root = await workspace()
    await writeTree(root, { 'src/a.ts': 'changed', 'src/new.ts': 'n' })
    const { events } = await explain(root, 'src/a.ts', 'src/new.ts', 'forced.log', 'nowhere')
    expect(events).toMatchObject([
      { path: 'src/a.ts', reason: null, last_push: { sequence: 1 }, there_by: 'tree' },
      { path: 'src/new.ts', reason: null, there: null, last_push: null },
      { path: 'forced.log', reason: null, rule: { pattern: '*.log' } },
      { path: 'nowhere', exists: false, here: null, there: null },
    ])
    expect(events[0]?.here).toBe(await git(root, 'hash-object', 'src/a.ts'))
    expect(events[2]?.here).toBe(events[2]?.there)
  })

  test('counts the reasons in a folder', async () => {
    const root = await workspace()
    const { events } = await explain(root, '.', 'src')
    expect(events).toMatchObject([
      {
        kind: 'folder',
        path: '',
        left_out: { ignored: 5, 'secret by name': 1, 'too large': 1, binary: 1, 'symbolic link': 1 },
      },
      { kind: 'folder', path: 'src', here: 1, there: 1, left_out: { ignored: 1 } },
    ])
  })

  test('falls back on what was confirmed where the receiver is away', async () => {
    const root = await workspace()
    const { events, exitCode } = await explain(root, 'src/a.ts', '--endpoint', 'http://127.0.0.1:1')
    expect(exitCode).toBe(0)
    expect(events).toMatchObject([{ event: 'notice' }, { event: 'explain', there_by: 'record', there: null }])
  })

  test('is read at a glance, and refuses what is elsewhere', async () => {
    const root = await workspace()
    const { data } = await thisMachine()
    const { stdout } = await ceDelta(join(root, 'src'), ['explain', 'x.log', '--data', data])
    expect(stdout).toBe('src/x.log\n  copy   no: ignored\n  there  not there\n  rule   *.log  (.gitignore:2)\n')
    expect((await explain(root, join(await temporaryDirectory(), 'x'))).exitCode).toBe(2)
  })
})

const LEFT_OUT: readonly (readonly [string, string, string | null])[] = [
  ['src/x.log', 'ignored', '*.log .gitignore 2'],
  ['node_modules/p/index.js', 'ignored', 'node_modules/ .gitignore 3'],
  ['gen.ts', 'ignored', 'gen.* .cedeltaignore 2'],
  ['mine.txt', 'ignored', 'mine.txt .git/info/exclude 3'],
  ['snap.1', 'ignored', 'snap.* exclude in ce-delta.config.json null'],
  ['.env', 'secret by name', '.env* built in null'],
  ['bin', 'binary', null],
  ['large', 'too large', null],
  ['link', 'symbolic link', null],
  ['link/a.ts', 'symbolic link', null],
  ['.git/config', 'name cannot be carried', null],
]

function ruleOf(text: string | null) {
  if (text === null) return null
  const [, pattern, source, line] = /^(\S+) (.*) (\S+)$/.exec(text) ?? []
  return { pattern, source, line: line === 'null' ? null : Number(line) }
}
