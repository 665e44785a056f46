import { chmod, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from '@jest/globals'
import { ceDelta, counts, expectMirror, filesOf, giveToNobody, leftOut, push, thisMachine } from '../helpers/command.js'
import { type Contents, gitRepository, writeTree } from '../helpers/workspace.js'

const closed: string[] = []

afterEach(async () => {
  for (const path of closed.splice(0)) await chmod(path, 0o755).catch(() => undefined)
})

async function pushedByNobody(files: Contents): Promise<string> {
  const root = await gitRepository({ files })
  await giveToNobody(root)
  await expectMirror(await pushAsNobody(root), await filesOf(root))
  return root
}

async function pushAsNobody(root: string, args: string[] = []) {
  return await push(root, args, { asNobody: true })
}

/** Takes the rights from a file or a folder; a folder with 0o311 can be entered, one with 0o644 can be listed. */
async function close(path: string, mode = 0o000): Promise<void> {
  closed.push(path)
  await chmod(path, mode)
}

describe('faults.md row 29: an unreadable file', () => {
  test('is kept at the receiver, each time, and followed again when it can be read', async () => {
    const root = await pushedByNobody({ 'secret.txt': 'old', 'other.txt': 'x' })
    await writeTree(root, { 'secret.txt': 'new' })
    await close(join(root, 'secret.txt'))
    for (const operations of [counts(0, 1), counts(0), counts(0)]) {
      if (operations.updated === 1) await writeTree(root, { 'other.txt': 'y' })
      const report = await expectMirror(await pushAsNobody(root), { 'secret.txt': 'old', 'other.txt': 'y' }, 3)
      expect(report.operations).toEqual(operations)
      expect(report.skipped).toEqual([{ path: 'secret.txt', reason: 'unreadable', detail: 'EACCES' }])
    }
    await chmod(join(root, 'secret.txt'), 0o644)
    await expectMirror(await pushAsNobody(root), { 'secret.txt': 'new', 'other.txt': 'y' })
  })

  test('that is new is left out, and named', async () => {
    const root = await pushedByNobody({ 'a.txt': 'a' })
    await writeTree(root, { 'b.txt': 'b' })
    await giveToNobody(root)
    await close(join(root, 'b.txt'))
    const report = await expectMirror(await pushAsNobody(root), { 'a.txt': 'a' }, 3)
    expect(leftOut(report)).toEqual(['unreadable: b.txt'])
  })

  test('that is deleted is deleted', async () => {
    const root = await pushedByNobody({ 'a.txt': 'a', 'b.txt': 'b' })
    await close(join(root, 'b.txt'))
    await expectMirror(await pushAsNobody(root), { 'a.txt': 'a', 'b.txt': 'b' }, 3)
    await rm(join(root, 'b.txt'))
    await expectMirror(await pushAsNobody(root), { 'a.txt': 'a' })
  })

  test('does not stop the first push, a full one, or one under new rules', async () => {
    const root = await gitRepository({ files: { a: 'a', b: 'b' } })
    await giveToNobody(root)
    await close(join(root, 'b'))
    await expectMirror(await pushAsNobody(root), { a: 'a' }, 3)
    await chmod(join(root, 'b'), 0o644)
    await expectMirror(await pushAsNobody(root, ['--full']), { a: 'a', b: 'b' })
    await close(join(root, 'b'))
    await expectMirror(await pushAsNobody(root, ['--full']), { a: 'a', b: 'b' }, 3)
    await writeTree(root, { 'ce-delta.config.json': '{"maxFileSize":"1 MiB"}' })
    await giveToNobody(root)
    await expectMirror(
      await pushAsNobody(root),
      { a: 'a', b: 'b', 'ce-delta.config.json': '{"maxFileSize":"1 MiB"}' },
      3,
    )
  })
})

describe('faults.md row 30: an unreadable folder', () => {
  test.each([0o000, 0o644, 0o311])('with mode %p keeps every known child, each time', async (mode) => {
    const root = await pushedByNobody({ 'd/x': 'x', 'd/deep/y': 'y', a: 'a' })
    await writeTree(root, { a: 'changed' })
    await close(join(root, 'd'), mode)
    const files = { 'd/x': 'x', 'd/deep/y': 'y', a: 'changed' }
    for (const operations of [counts(0, 1), counts(0), counts(0)]) {
      const report = await expectMirror(await pushAsNobody(root), files, 3)
      expect(report.operations).toEqual(operations)
      expect(new Set(report.skipped.map(({ reason }) => reason))).toEqual(new Set(['unreadable']))
    }
    await chmod(join(root, 'd'), 0o755)
    await rm(join(root, 'd/deep'), { recursive: true })
    await expectMirror(await pushAsNobody(root), { 'd/x': 'x', a: 'changed' })
  })

  test('that is new is named, each time, and its files come when it can be read', async () => {
    const root = await pushedByNobody({ a: 'a' })
    await writeTree(root, { 'new/x': 'x' })
    await giveToNobody(root)
    await close(join(root, 'new'))
    for (let time = 1; time <= 3; time++) {
      expect(leftOut(await expectMirror(await pushAsNobody(root), { a: 'a' }, 3))).toEqual(['unreadable: new/'])
    }
    await chmod(join(root, 'new'), 0o755)
    await expectMirror(await pushAsNobody(root), { a: 'a', 'new/x': 'x' })
  })

  test('hides its files, which are explained all the same', async () => {
    const root = await pushedByNobody({ a: 'a' })
    await writeTree(root, { 'new/x': 'x' })
    await giveToNobody(root)
    await close(join(root, 'new'))
    const { data } = await thisMachine()
    const explained = await ceDelta(root, ['explain', 'new/x', '--json', '--data', data], { asNobody: true })
    expect(explained.events).toMatchObject([{ path: 'new/x', reason: 'unreadable', exists: true }])
    expect(explained.exitCode).toBe(0)
  })

  test('that is ignored is of no interest', async () => {
    const root = await pushedByNobody({ a: 'a', '.gitignore': 'ignored/\n' })
    await writeTree(root, { 'ignored/x': 'x' })
    await giveToNobody(root)
    await close(join(root, 'ignored'))
    await expectMirror(await pushAsNobody(root), { a: 'a', '.gitignore': 'ignored/\n' })
  })
})

test('an ignore file that cannot be read is named, and stops nothing', async () => {
  const root = await pushedByNobody({ a: 'a', '.gitignore': '*.log\n' })
  await close(join(root, '.gitignore'))
  const report = await expectMirror(await pushAsNobody(root), { a: 'a', '.gitignore': '*.log\n' }, 3)
  expect(leftOut(report)).toEqual(['unreadable: .gitignore'])
})

test('faults.md row 59: a repository of somebody else is not looked at', async () => {
  const root = await gitRepository({ files: { a: 'a' } })
  await giveToNobody()
  if (process.getuid?.() !== 0) return
  await chmod(root, 0o777)
  const result = await pushAsNobody(root)
  expect({ exitCode: result.exitCode, code: result.report.error?.code }).toEqual({
    exitCode: 10,
    code: 'repository-not-trusted',
  })
})

test('faults.md row 30: an unreadable folder is still named when nothing has happened for some time', async () => {
  const root = await pushedByNobody({ 'd/x': 'x', a: 'a' })
  await writeTree(root, { 'd/untracked': 'u', 'new/x': 'x' })
  await giveToNobody(root)
  await close(join(root, 'd'), 0o311)
  await close(join(root, 'new'))
  for (const pause of [2500, 2500, 0]) {
    await sleep(pause)
    const report = await expectMirror(await pushAsNobody(root), { 'd/x': 'x', a: 'a' }, 3)
    expect(leftOut(report)).toEqual(['unreadable: d/', 'unreadable: new/'])
  }
  await chmod(join(root, 'd'), 0o755)
  await expectMirror(await pushAsNobody(root), { 'd/x': 'x', 'd/untracked': 'u', a: 'a' }, 3)
})
