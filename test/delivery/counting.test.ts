import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from '@jest/globals'
import { DeltaError } from '../../src/support/errors.js'
import { filesOf } from '../helpers/command.js'
import { CountingReceiver } from '../helpers/counting-receiver.js'
import { type Bench, bench } from '../helpers/synchronising.js'
import { writeTree } from '../helpers/workspace.js'

const numbered = (from: number, to: number, content = '') =>
  Object.fromEntries(Array.from({ length: to - from + 1 }, (_, at) => [`file-${from + at}`, `${from + at}${content}`]))

/** Servers of others tell a number, and no tree: what was applied can only be concluded. */
describe('a receiver that tells only a number', () => {
  let stage: Bench
  let server = new CountingReceiver()

  beforeEach(async () => {
    stage = await bench()
    server = new CountingReceiver()
  })

  async function expectSame(): Promise<void> {
    const there = [...server.files].sort(([left], [right]) => (left < right ? -1 : 1))
    expect(there).toEqual([...(await filesOf(stage.root))].map(([path, content]) => [path, content.toString('latin1')]))
    expect(await stage.outbox(server).list()).toEqual([])
  }

  test('has nothing to do when nothing changed, and nothing is sent', async () => {
    expect(await stage.push(server)).toMatchObject({ outcome: 'unchanged', sequence: 0 })
    await writeTree(stage.root, numbered(1, 4))
    expect(await stage.push(server)).toMatchObject({ outcome: 'confirmed', sequence: 2 })
    expect(await stage.push(server)).toMatchObject({ outcome: 'unchanged', bundles: [] })
    expect(server.sent).toHaveLength(2)
    await expectSame()
    expect(await stage.push(server, { full: true })).toMatchObject({ outcome: 'confirmed', sequence: 4 })
    await expectSame()
  })

  test.each([0, 1].flatMap((answers) => [true, false].map((applied) => [answers, applied] as const)))(
    'is gone after %i answers (applied: %j): everything is sent where it is not known, deletions too (rows 63, 81)',
    async (answers, applied) => {
      await writeTree(stage.root, numbered(1, 5))
      await stage.push(server)
      await rm(join(stage.root, 'file-5'))
      await writeTree(stage.root, numbered(1, 4, 'x'))
      server.answers = answers
      server.appliesUnanswered = applied
      expect((await stage.push(server)).outcome).toBe('queued')
      server.answers = Number.POSITIVE_INFINITY
      expect((await stage.push(server)).outcome).toBe('confirmed')
      await expectSame()
    },
  )

  test('its answer was lost within one push: the bundle is not sent again blindly', async () => {
    await writeTree(stage.root, numbered(1, 3))
    server.answers = 0
    const status = server.status.bind(server)
    server.status = async () => {
      server.answers = Number.POSITIVE_INFINITY
      return await status()
    }
    const upload = server.upload.bind(server)
    let isFirst = true
    server.upload = async (request) => {
      if (isFirst) server.answers = 0
      isFirst = false
      return await upload(request)
    }
    expect((await stage.push(server)).outcome).toBe('confirmed')
    expect(new Set(server.sent).size).toBe(server.sent.length)
    await expectSame()
  })

  test('a refusal of the question is none of the bundle, which may have been applied (row 72)', async () => {
    await writeTree(stage.root, numbered(1, 3))
    server.answers = 0
    const status = server.status.bind(server)
    server.status = async () => {
      if (server.answers >= 0) return await status()
      throw new DeltaError('bundle-refused', 'Not Found', { facts: { status: 404 } })
    }
    await expect(stage.push(server)).rejects.toMatchObject({ code: 'bundle-refused' })
    expect(await stage.outbox(server).list()).toMatchObject([{ attemptedAt: expect.any(String) }])
    server.answers = Number.POSITIVE_INFINITY
    await rm(join(stage.root, 'file-1'))
    expect((await stage.push(server)).outcome).toBe('confirmed')
    await expectSame()
  })

  test('was restored from a copy, and the repair was broken off: nothing stays stale (row 81)', async () => {
    await writeTree(stage.root, numbered(1, 12))
    await stage.push(server)
    const copy = { sequence: server.sequence, files: new Map(server.files) }
    await writeTree(stage.root, numbered(7, 12, 'x'))
    await rm(join(stage.root, 'file-1'))
    await stage.push(server)
    server.sequence = copy.sequence
    server.files.clear()
    for (const [path, content] of copy.files) server.files.set(path, content)
    server.answers = 1
    server.appliesUnanswered = false
    expect((await stage.push(server)).outcome).toBe('queued')
    server.answers = Number.POSITIVE_INFINITY
    await writeTree(stage.root, { 'file-2': 'changed meanwhile' })
    expect((await stage.push(server)).outcome).toBe('confirmed')
    await expectSame()
  })

  test('was wiped: everything is sent again', async () => {
    await writeTree(stage.root, numbered(1, 5))
    await stage.push(server)
    server.sequence = 0
    server.files.clear()
    expect((await stage.push(server)).outcome).toBe('confirmed')
    await expectSame()
  })

  test('has another writer: a conflict, and only force overwrites it (row 77)', async () => {
    await writeTree(stage.root, numbered(1, 3))
    await stage.push(server)
    server.sequence = 7
    server.files.set('file-1', 'theirs')
    await writeTree(stage.root, numbered(4, 5))
    await expect(stage.push(server)).rejects.toMatchObject({ code: 'conflict' })
    expect(server.sent).toHaveLength(1)
    expect(await stage.push(server, { force: true })).toMatchObject({ outcome: 'confirmed', sequence: 9 })
    await expectSame()
  })
})
