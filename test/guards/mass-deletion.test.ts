import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { isFewDeletions, isMassDeletion } from '../../src/delta/mass-deletion.js'
import { ceDelta, push, thisMachine } from '../helpers/command.js'
import { commit, expectEqual, hookedRepository, settled } from '../helpers/hooked.js'
import { git, gitRepository, writeTree } from '../helpers/workspace.js'

describe('faults.md row 31: what looks like an accident', () => {
  test.each([
    { before: 100, deleted: 0, isEmptied: false, is: false },
    { before: 41, deleted: 21, isEmptied: false, is: true },
    { before: 42, deleted: 21, isEmptied: false, is: false },
    { before: 30, deleted: 20, isEmptied: false, is: false },
    { before: 30, deleted: 21, isEmptied: false, is: true },
    { before: 50_000, deleted: 25_000, isEmptied: false, is: false },
    { before: 50_000, deleted: 25_001, isEmptied: false, is: true },
    { before: 10, deleted: 10, isEmptied: false, is: true },
    { before: 9, deleted: 9, isEmptied: false, is: false },
    { before: 9, deleted: 9, isEmptied: true, is: true },
    { before: 1, deleted: 1, isEmptied: true, is: true },
  ])('$deleted of $before, emptied: $isEmptied → $is', ({ is, ...deletion }) => {
    expect(isMassDeletion(deletion)).toBe(is)
    if (is && !deletion.isEmptied) expect(isFewDeletions(deletion.deleted)).toBe(false)
  })
})

function manyFiles(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, number) => [`d/file-${number}`, `content ${number}\n`]))
}

describe('faults.md row 31: a push', () => {
  test('of a work tree that was emptied stops, changes nothing, and goes on when asked', async () => {
    const root = await gitRepository({ files: manyFiles(30) })
    await push(root)
    await rm(join(root, 'd'), { recursive: true })
    const stopped = await push(root)
    expect(stopped).toMatchObject({
      exitCode: 13,
      report: { error: { code: 'guard-stopped', facts: { deleted: 30, files: 30 } } },
    })
    const { data } = await thisMachine()
    const { events } = await ceDelta(root, ['status', '--json', '--data', data])
    expect(events[0]).toMatchObject({ equal: 'no', pending: { bundles: 0 } })
    expect(await push(root, ['--allow-mass-delete'])).toMatchObject({
      exitCode: 0,
      report: { operations: { deleted: 30 } },
    })
  })

  test('of a work tree whose state was lost, too: then the receiver is asked what it has', async () => {
    const root = await gitRepository({ files: manyFiles(30) })
    await push(root)
    await rm(join(root, 'd'), { recursive: true })
    await rm(join(root, '.git/ce-delta'), { recursive: true })
    await writeTree(root, { 'other.txt': 'x' })
    expect((await push(root)).exitCode).toBe(13)
  })

  test('that moves everything is no deletion', async () => {
    const root = await gitRepository({ files: manyFiles(30) })
    await push(root)
    await git(root, 'mv', 'd', 'e')
    expect(await push(root)).toMatchObject({ exitCode: 0, report: { operations: { moved: 30 } } })
  })

  test('faults.md row 57: of a sparse checkout', async () => {
    const root = await gitRepository({ files: { ...manyFiles(30), 'top.txt': 'x' } })
    await push(root)
    await git(root, 'sparse-checkout', 'set', '--no-cone', 'top.txt')
    expect((await push(root)).exitCode).toBe(13)
  })

  test('to a receiver that cannot be reached stops as well, and queues nothing', async () => {
    const root = await gitRepository({ files: manyFiles(30) })
    await push(root, ['--endpoint', 'http://127.0.0.1:9'], { env: { REMOTE_UPLOAD_MAX_RETRIES: '0' } })
    await push(root)
    await rm(join(root, 'd'), { recursive: true })
    expect((await push(root)).exitCode).toBe(13)
  })

  test('by a hook stops, and is told at the next commit; the hook does not override it', async () => {
    const root = await hookedRepository(manyFiles(30))
    await commit(root, { 'a.txt': '1' })
    await settled(root)
    await git(root, 'rm', '-rq', 'd')
    await commit(root, { 'a.txt': '2' })
    await settled(root, 2)
    expect((await commit(root, { 'a.txt': '3' })).stderr).toMatch(/^ce-delta: .*30 of 31 files.*--allow-mass-delete/)
    await settled(root, 3)
    expect((await push(root, ['--allow-mass-delete'])).exitCode).toBe(0)
    expect((await commit(root, { 'a.txt': '4' })).stderr).toBe('')
    await settled(root, 4)
    await expectEqual(root)
  })
})

describe('a folder that nobody means', () => {
  test('the home folder, and one above it', async () => {
    const { home } = await thisMachine()
    await writeTree(home, { 'a.txt': '1' })
    for (const folder of [home, join(home, '..')]) {
      expect(await push(folder)).toMatchObject({ exitCode: 13, report: { error: { code: 'guard-stopped' } } })
    }
    expect((await push(home, ['--force'])).exitCode).toBe(0)
  })

  test('the root of the file system', async () => {
    expect(await push('/')).toMatchObject({ exitCode: 13, report: { error: { code: 'guard-stopped' } } })
  })

  test('a folder of workspaces; but a repository with one in it is one workspace', async () => {
    const { home } = await thisMachine()
    const projects = join(home, 'projects')
    await mkdir(join(projects, 'one'), { recursive: true })
    await git(join(projects, 'one'), 'init', '--quiet')
    await writeTree(projects, { 'one/a.txt': '1', 'b.txt': '1' })
    await push(join(projects, 'one'))
    expect((await push(projects)).exitCode).toBe(13)
    await git(projects, 'init', '--quiet')
    expect((await push(projects)).exitCode).toBe(0)
  })
})
