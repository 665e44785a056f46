import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import type { Receiver } from '../../src/delivery/receiver.js'
import type { SynchroniseResult } from '../../src/delivery/synchronise.js'
import { filesOf } from '../helpers/command.js'
import { expectExactly, placeIn } from '../helpers/receivers.js'
import { type Bench, bench, unreachable } from '../helpers/synchronising.js'
import { writeTree } from '../helpers/workspace.js'

const numbered = (from: number, to: number, content = '') =>
  Object.fromEntries(Array.from({ length: to - from + 1 }, (_, at) => [`file-${from + at}`, `${from + at}${content}`]))

async function expectEqual(stage: Bench, result: SynchroniseResult): Promise<void> {
  expect(result.error).toBeNull()
  await expectExactly(stage.behind, await filesOf(stage.root), stage.root)
  expect(await stage.outbox().list()).toEqual([])
  const status = await stage.behind.engine.status(stage.root)
  expect(await stage.confirmed()).toMatchObject({ tree: status.tree, sequence: status.sequence })
}

/** A receiver that fails from its nth upload on: before anything was applied, or after. */
function failingFrom(receiver: Receiver, nth: number, when: 'before' | 'after'): Receiver {
  let uploads = 0
  return {
    ...receiver,
    status: async (signal) => {
      if (uploads >= nth) throw unreachable()
      return await receiver.status(signal)
    },
    upload: async (upload, signal) => {
      if (++uploads < nth) return await receiver.upload(upload, signal)
      if (when === 'after' && uploads === nth) await receiver.upload(upload, signal)
      throw unreachable()
    },
  }
}

describe('a delta of several bundles', () => {
  test('arrives in order, each with a tree of its own', async () => {
    const stage = await bench()
    await writeTree(stage.root, numbered(1, 10))
    const result = await stage.push()
    expect(result.bundles.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4])
    expect(new Set(result.bundles.map(({ target }) => target)).size).toBe(4)
    await expectEqual(stage, result)
    expect((await stage.push()).outcome).toBe('unchanged')
  })

  test.each([1, 2, 3, 4].flatMap((nth) => (['before', 'after'] as const).map((when) => [nth, when] as const)))(
    'the receiver is gone at part %i, %s it was applied: what was confirmed is kept (rows 62, 63)',
    async (nth, when) => {
      const stage = await bench()
      await writeTree(stage.root, numbered(1, 10))
      const queued = await stage.push(failingFrom(stage.embedded, nth, when))
      expect([queued.outcome, queued.error?.code]).toEqual(['queued', 'receiver-unreachable'])
      expect((await stage.confirmed())?.sequence ?? 0).toBe(nth - 1)
      expect(queued.bundles.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4].slice(nth - 1))
      const result = await stage.push()
      await expectEqual(stage, result)
      expect(result.sequence).toBe(4)
      expect(result.bundles.length).toBe(4 - (nth - 1))
    },
  )

  test.each([1, 2, 3, 4])('the receiver is gone at part %i, and the tree changes: nothing piles up', async (nth) => {
    const stage = await bench()
    await writeTree(stage.root, numbered(1, 10))
    await stage.push(failingFrom(stage.embedded, nth, 'before'))
    for (let turn = 0; turn < 3; turn++) {
      await writeTree(stage.root, numbered(1, 10, `${turn}`))
      const queued = await stage.push(failingFrom(stage.embedded, 0, 'before'))
      expect(queued.outcome).toBe('queued')
      // The one that was attempted, and the parts of one delta from there to now.
      expect(queued.bundles.length).toBeLessThanOrEqual(5)
      expect(queued.bundles.filter(({ attemptedAt }) => attemptedAt !== null)).toHaveLength(1)
    }
    await expectEqual(stage, await stage.push())
  })

  test.each([0, 1, 2, 3])('bundle %i in the outbox is damaged: it is made anew (row 9)', async (which) => {
    const stage = await bench()
    await writeTree(stage.root, numbered(1, 10))
    await stage.push(failingFrom(stage.embedded, 1, 'before'))
    const entry = (await stage.outbox().list())[which]
    if (entry !== undefined) await writeFile(stage.outbox().bundlePath(entry), 'damaged')
    const result = await stage.push()
    await expectEqual(stage, result)
    expect(stage.notices).toContain('A bundle in the outbox was damaged; it is made anew.')
  })

  test.each(['json', 'tar.gz'])('a %s in the outbox is missing (row 10)', async (suffix) => {
    for (const which of [0, 1, 3]) {
      const stage = await bench()
      await writeTree(stage.root, numbered(1, 10))
      await stage.push(failingFrom(stage.embedded, 1, 'before'))
      const entry = (await stage.outbox().list())[which]
      if (entry !== undefined)
        await rm(
          stage
            .outbox()
            .bundlePath(entry)
            .replace(/tar\.gz$/, suffix),
        )
      await expectEqual(stage, await stage.push())
    }
  })
})

describe('the record of the last confirmation is lost', () => {
  const SHADOW = '.git/ce-delta'

  test.each(['commit', 'tree'] as const)('its %s is gone: the receiver is asked (row 8)', async (what) => {
    const stage = await bench()
    await writeTree(stage.root, numbered(1, 4))
    await stage.push()
    const record = await stage.confirmed()
    const gone = { ...stage.embedded, status: async () => Promise.reject(unreachable()) }
    await writeTree(stage.root, numbered(3, 6, 'x'))
    expect((await stage.push(gone)).bundles).toHaveLength(2)
    const id = (what === 'commit' ? record?.commit : record?.tree) ?? ''
    await rm(join(stage.root, SHADOW, 'objects', id.slice(0, 2), id.slice(2)))
    await writeTree(stage.root, numbered(4, 7, 'y'))
    expect((await stage.push(gone)).outcome).toBe('queued')
    await expectEqual(stage, await stage.push())
  })

  test('its reference is garbage', async () => {
    const stage = await bench()
    await writeTree(stage.root, numbered(1, 4))
    await stage.push()
    const folder = join(stage.root, SHADOW, 'refs/ce-delta/confirmed')
    for (const name of await readdir(folder)) await writeFile(join(folder, name), 'garbage\n')
    await writeTree(stage.root, numbered(3, 6, 'x'))
    await expectEqual(stage, await stage.push())
  })
})

describe('the receiver holds something else', () => {
  test('its answer names another tree: it is compared and mended', async () => {
    const stage = await bench()
    await writeTree(stage.root, numbered(1, 3))
    let isWrong = true
    const wrong: Receiver = {
      ...stage.embedded,
      upload: async (upload, signal) => {
        const result = await stage.embedded.upload(upload, signal)
        const lie = isWrong && result.kind === 'applied' ? { ...result, tree: 'f'.repeat(40) } : result
        isWrong = false
        return lie
      },
    }
    await expectEqual(stage, await stage.push(wrong))
  })

  test('its mirror was removed, or a push was killed before it was written: it is there again', async () => {
    const stage = await bench()
    await writeTree(stage.root, numbered(1, 3))
    await stage.push()
    const { mirror, mirrorNote } = placeIn(stage.behind, stage.root)
    await rm(mirror.directory, { recursive: true })
    await expectEqual(stage, await stage.push())
    await writeFile(join(mirror.directory, 'stranger'), 'x')
    await rm(mirrorNote)
    await expectEqual(stage, await stage.push())
  })

  test('one that never agrees ends with proof-failed, and not in a loop', async () => {
    const stage = await bench()
    await writeTree(stage.root, numbered(1, 3))
    let uploads = 0
    const stubborn: Receiver = {
      ...stage.embedded,
      upload: async () => {
        uploads++
        return { kind: 'tree mismatch' }
      },
    }
    await expect(stage.push(stubborn)).rejects.toMatchObject({ code: 'proof-failed' })
    expect(uploads).toBeLessThanOrEqual(5)
  })
})
