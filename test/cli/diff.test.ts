import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { ceDelta, push, thisMachine } from '../helpers/command.js'
import { git, gitRepository, temporaryDirectory, writeTree } from '../helpers/workspace.js'

async function twoPushes(): Promise<{ root: string; diff: (...args: string[]) => ReturnType<typeof ceDelta> }> {
  const root = await gitRepository()
  const { data } = await thisMachine()
  await writeTree(root, { a: 'one\n', 'dir/b': 'two\n' })
  await push(root)
  await writeTree(root, { a: 'one\nmore\n' })
  await push(root)
  return { root, diff: (...args) => ceDelta(root, ['diff', '--data', data, ...args]) }
}

describe('diff', () => {
  test('tells what the next push would send, and sends nothing', async () => {
    const { root, diff } = await twoPushes()
    expect((await diff()).stdout).toBe('')
    await writeTree(root, { 'dir/b': '2\n', 'new \u001b[31m name': 'x' })
    const { stdout, stderr, exitCode } = await diff()
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '~ dir/b\n+ new \\u001b[31m name\n' })
    expect(stderr).toBe('#2 → the work tree: 1 created, 1 updated\n')
    const { events } = await diff('--json')
    expect(events).toMatchObject([
      { event: 'diff', from: { sequence: 2 }, to: { sequence: null }, operations: { created: 1, updated: 1 } },
    ])
  })

  test('shows everything where nothing was pushed yet', async () => {
    const root = await gitRepository({ files: { a: '1' } })
    const { data } = await thisMachine()
    const { stdout, stderr } = await ceDelta(root, ['diff', '--data', data])
    expect({ stdout, stderr }).toEqual({ stdout: '+ a\n', stderr: 'nothing pushed yet → the work tree: 1 created\n' })
  })

  test('compares two pushes, in both directions', async () => {
    const { diff } = await twoPushes()
    const { events } = await diff('1', '2', '--json')
    expect(events).toMatchObject([
      { from: { sequence: 1 }, to: { sequence: 2 }, plan: [{ operation: 'updated', path: 'a' }] },
    ])
    expect((await diff('2', '1', '-p')).stdout).toContain('\n one\n-more\n')
  })

  test('draws a patch that git can apply, and how many lines changed', async () => {
    const { root, diff } = await twoPushes()
    await writeTree(root, { 'dir/b': '2\n', c: 'ç\n' })
    const { stdout } = await diff('1', '-p')
    const elsewhere = await temporaryDirectory()
    await writeTree(elsewhere, { a: 'one\n', 'dir/b': 'two\n', patch: stdout })
    await git(elsewhere, 'apply', join(elsewhere, 'patch'))
    expect(await git(elsewhere, 'hash-object', 'a', 'dir/b', 'c')).toBe(
      await git(root, 'hash-object', 'a', 'dir/b', 'c'),
    )
    expect((await diff('1', '--stat')).stdout).toMatch(/ a +\| 1 \+\n c +\| 1 \+\n dir\/b \| 2 \+-\n 3 files changed/)
  })
})
