import { rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { ceDelta, push, thisMachine } from '../helpers/command.js'
import { git, gitRepository, writeTree } from '../helpers/workspace.js'

/** A workspace with three pushes: two files, a move, an update with a deletion. */
async function threePushes(): Promise<{ root: string; here: readonly string[] }> {
  const root = await gitRepository()
  const { data } = await thisMachine()
  await writeTree(root, { a: '1', 'dir/b': '2' })
  await push(root)
  await rename(join(root, 'a'), join(root, 'c'))
  await push(root)
  await writeTree(root, { 'dir/b': '3' })
  await unlink(join(root, 'c'))
  await push(root)
  return { root, here: ['--data', data] }
}

describe('log', () => {
  test('lists every confirmed push, newest first', async () => {
    const { root, here } = await threePushes()
    const { exitCode, events } = await ceDelta(root, ['log', '--json', ...here])
    expect(exitCode).toBe(0)
    expect(events).toMatchObject([
      { event: 'push', sequence: 3, trigger: 'manual', operations: { created: 0, updated: 1, deleted: 1, moved: 0 } },
      { event: 'push', sequence: 2, trigger: 'manual', operations: { created: 0, updated: 0, deleted: 0, moved: 1 } },
      { event: 'push', sequence: 1, trigger: 'manual', operations: { created: 2, updated: 0, deleted: 0, moved: 0 } },
      { event: 'log', pushes: 3 },
    ])
    for (const event of events.slice(0, 3)) {
      expect(event).toMatchObject({ bytes: expect.any(Number), duration_ms: expect.any(Number) })
      expect(event.tree).toMatch(/^[0-9a-f]{40}$/)
    }
    expect(events[0]?.base).toBe(events[1]?.tree)
  })

  test('is short with --oneline and -n', async () => {
    const { root, here } = await threePushes()
    const { stdout } = await ceDelta(root, ['log', '--oneline', '-n', '2', ...here])
    expect(stdout.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^#3 \d{4}-\d\d-\d\d \d\d:\d\d · 1 updated, 1 deleted · [\d.]+ k?B, .* · manual$/),
      expect.stringMatching(/^#2 .* · 1 moved · .* · manual$/),
    ])
  })

  test('has nothing to say before the first push', async () => {
    const root = await gitRepository({ files: { a: '1' } })
    const { data } = await thisMachine()
    const { exitCode, stdout, stderr } = await ceDelta(root, ['log', '--data', data])
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '' })
    expect(stderr).toContain('nothing was pushed')
  })

  test('reads the records of earlier versions', async () => {
    const { root, here } = await threePushes()
    await recordOfEarlierVersion(root)
    const { events } = await ceDelta(root, ['log', '--json', '-n', '1', ...here])
    expect(events[0]).toMatchObject({ sequence: 4, trigger: null, duration_ms: null, bytes: 7 })
    expect((await ceDelta(root, ['log', '-n', '1', ...here])).stdout).toMatch(/^#4 {2}[-\d]+ [:\d]+\n {2}1 created\n/)
  })

  test('refuses a number that is none', async () => {
    const root = await gitRepository()
    expect((await ceDelta(root, ['log', '-n', '0'])).exitCode).toBe(2)
  })
})

describe('show', () => {
  test('tells every operation of a push, by its sequence or by its id', async () => {
    const { root, here } = await threePushes()
    const { events } = await ceDelta(root, ['show', '3', '--json', ...here])
    expect(events).toMatchObject([
      {
        event: 'show',
        sequence: 3,
        plan: [
          { operation: 'deleted', path: 'c' },
          { operation: 'updated', path: 'dir/b' },
        ],
      },
    ])
    const id = String(events[0]?.id)
    const byId = await ceDelta(root, ['show', id.slice(0, 8), ...here])
    expect(byId.stdout).toContain('\n- c\n~ dir/b\n')
    expect((await ceDelta(root, ['show', '2', ...here])).stdout).toContain('\n→ a → c\n')
  })

  test('says so where there is no such push', async () => {
    const { root, here } = await threePushes()
    const { exitCode, stderr } = await ceDelta(root, ['show', '9', ...here])
    expect(exitCode).toBe(2)
    expect(stderr).toContain('The log has no push 9.')
  })
})

async function recordOfEarlierVersion(root: string): Promise<void> {
  const shadow = ['--git-dir', join(root, '.git', 'ce-delta')]
  const [reference = ''] = (await git(root, ...shadow, 'for-each-ref', '--format=%(refname)')).split('\n')
  const operations = { created: 1, updated: 0, deleted: 0, moved: 0 }
  const message = JSON.stringify({
    sequence: 4,
    bundleId: null,
    confirmedAt: '2024-05-01T10:00:00Z',
    operations,
    bytes: 7,
  })
  const identity = ['-c', 'user.name=x', '-c', 'user.email=x']
  const tree = `${reference}^{tree}`
  const commit = await git(root, ...shadow, ...identity, 'commit-tree', tree, '-p', reference, '-m', message)
  await git(root, ...shadow, 'update-ref', reference, commit)
}
