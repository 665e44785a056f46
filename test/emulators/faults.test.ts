import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { writeTree } from '../helpers/workspace.js'
import { expectEqual } from './equal.js'
import { GENERATIONS, type GenerationName, TESTED_GENERATIONS } from './generations.js'
import { type Stage, stageOn } from './stage.js'

const numbered = (from: number, to: number, content = '') =>
  Object.fromEntries(
    Array.from({ length: to - from + 1 }, (_, at) => [`d/file-${from + at}`, `${from + at}${content}`]),
  )

/** A server that has 12 files confirmed, and a work tree in which some changed, came and went. */
async function changedStage(name: GenerationName): Promise<Stage> {
  const stage = await stageOn(name)
  await writeTree(stage.root, numbered(1, 12))
  await stage.push()
  await rm(join(stage.root, 'd/file-12'))
  await writeTree(stage.root, { ...numbered(3, 5, 'x'), ...numbered(20, 24), top: 'top' })
  return stage
}

/** What a push says when its fate is open: it ends, and claims nothing. */
async function pushed(stage: Stage, options: Parameters<Stage['push']>[0] = {}): Promise<string> {
  return (await stage.push(options)).outcome
}

describe.each(TESTED_GENERATIONS)('generation %s', (name) => {
  test('row 63: an answer that was lost is settled within the same push', async () => {
    const stage = await changedStage(name)
    stage.server.faults.loseAnswer = 1
    expect(await pushed(stage)).toBe('confirmed')
    await expectEqual(stage)
  })

  test('row 63: all answers are lost: nothing is claimed, and the next push settles it', async () => {
    const stage = await changedStage(name)
    stage.server.faults.loseAnswer = 100
    // A server that names the bundle that it completed needs no answer.
    expect(await pushed(stage)).toBe(GENERATIONS[name].plans ? 'confirmed' : 'queued')
    stage.server.faults.loseAnswer = 0
    expect(await pushed(stage)).toBe(GENERATIONS[name].plans ? 'unchanged' : 'confirmed')
    await expectEqual(stage)
  })

  test('row 62: uploads that are cut before they arrive', async () => {
    const stage = await changedStage(name)
    stage.server.faults.loseUpload = 100
    expect(await pushed(stage)).toBe('queued')
    stage.server.faults.loseUpload = 1
    expect(await pushed(stage)).toBe('confirmed')
    await expectEqual(stage)
  })

  test('rows 66, 71: a page of a proxy instead of an answer', async () => {
    const stage = await changedStage(name)
    stage.server.faults.page = 2
    expect(await pushed(stage)).toBe('confirmed')
    await expectEqual(stage)
  })

  test('row 78: acknowledged, or not, and given up in the middle: it is found out and sent again', async () => {
    const stage = await changedStage(name)
    stage.server.faults.failAfterAnswer = 1
    const outcome = await stage.push().then(
      ({ outcome }) => outcome,
      ({ code }) => code,
    )
    expect(['confirmed', 'queued', 'bundle-refused']).toContain(outcome)
    if (outcome !== 'confirmed') expect(await pushed(stage)).toBe('confirmed')
    await expectEqual(stage)
  })

  test('row 79: it is slow: one bundle at a time all the same', async () => {
    const stage = await changedStage(name)
    stage.server.faults.delay = 30
    expect(await pushed(stage, { operations: 3 })).toBe('confirmed')
    await expectEqual(stage)
  })

  test('row 64: it is silent for longer than usual while it applies a bundle', async () => {
    const stage = await stageOn(name, { idleTimeout: 400 })
    stage.server.faults.delay = 900
    await writeTree(stage.root, numbered(1, 3))
    const outcome = await pushed(stage)
    stage.server.faults.delay = 0
    while (outcome !== 'confirmed' && !stage.server.isIdle) await new Promise((resolve) => setTimeout(resolve, 10))
    if (outcome !== 'confirmed') expect(await pushed(stage)).toBe('confirmed')
    const uploads = stage.server.requests.filter((request) => request.endsWith('upload')).length
    if (GENERATIONS[name].applies === 'before the answer') expect([outcome, uploads]).toEqual(['confirmed', 1])
    expect(stage.server.escaped).toEqual([])
  })

  test('row 81: it was restarted, its files are there', async () => {
    const stage = await changedStage(name)
    stage.server.restart({ keepFiles: true })
    expect(await pushed(stage)).toBe('confirmed')
    await expectEqual(stage)
    const wasLost = stage.notices.some((notice) => notice.includes('went back from sequence'))
    expect(wasLost).toBe(!GENERATIONS[name].keepsCounter)
  })

  test('row 81: it was restarted, its files are gone', async () => {
    const stage = await changedStage(name)
    stage.server.restart({ keepFiles: false })
    expect(await pushed(stage)).toBe('confirmed')
    await expectEqual(stage)
    expect(stage.notices.join()).toContain('everything is sent again')
    const { applies } = GENERATIONS[name]
    expect(await stage.memory.read()).toMatchObject({
      answered: applies === 'before the answer' ? 'applied' : 'queued',
    })
  })

  test('row 81: it was restored from a backup, also one in which other files were', async () => {
    const stage = await stageOn(name)
    await writeTree(stage.root, { ...numbered(1, 6), only: 'in the backup' })
    await stage.push()
    const restore = stage.server.backup()
    await rm(join(stage.root, 'only'))
    await writeTree(stage.root, numbered(3, 9, 'x'))
    await stage.push()
    restore()
    expect(await pushed(stage)).toBe('confirmed')
    await expectEqual(stage)
  })

  test('row 81: trust in the configuration sends the changes only', async () => {
    const stage = await changedStage(name)
    stage.server.restart({ keepFiles: true })
    const result = await stage.push({ recovery: 'trust' })
    expect(result.counts).toEqual({ created: 6, updated: 3, deleted: 1, moved: 0 })
    await expectEqual(stage)
  })

  test('row 77: another writer is a conflict, and only force overwrites it', async () => {
    const stage = await changedStage(name)
    await stage.server.foreignUpload(stage.root)
    await expect(stage.push()).rejects.toMatchObject({ code: 'conflict' })
    expect(await pushed(stage, { force: true })).toBe('confirmed')
    await rm(join(stage.server.folder(stage.root), 'theirs'))
    await expectEqual(stage)
  })

  test('two processes that count for themselves', async () => {
    const stage = await stageOn(name)
    stage.server.faults.workers = 2
    for (let round = 1; round <= 6; round++) {
      await writeTree(stage.root, numbered(round, round + 3, `round ${round}`))
      expect(await pushed(stage, { operations: 2 })).toBe('confirmed')
      await expectEqual(stage)
    }
  })

  test('row 69: 413 cuts bundles down to the one file that is too large; it is named, and the rest goes on', async () => {
    const stage = await changedStage(name)
    const noise = Array.from({ length: 20_000 }, (_, at) => ((at * 2_654_435_761) >>> 7).toString(36)).join('')
    await writeTree(stage.root, { 'd/huge': noise })
    stage.server.faults.largest = 4000
    const { outcome, leftBehind } = await stage.push()
    expect([outcome, leftBehind.map(({ path }) => path)]).toEqual(['confirmed', ['d/huge']])
    await expectEqual(stage, ['d/huge'])
    expect((await stage.push()).leftBehind).toHaveLength(1)
    stage.server.faults.largest = 1 << 20
    expect(await stage.push()).toMatchObject({ outcome: 'confirmed', leftBehind: [] })
    await expectEqual(stage)
  })
})

/** A1 and Q tell nobody that an operation failed (protocol.md §3). */
const TELLING = TESTED_GENERATIONS.filter((name) => name !== 'A1' && name !== 'Q')

describe.each(TELLING)('generation %s, which tells how many operations failed', (name) => {
  test('row 83: what failed is found, named, and tried again by every push', async () => {
    const stage = await changedStage(name)
    stage.server.faults.broken = (path) => path === 'd/file-4' || path === 'd/file-22'
    const { leftBehind } = await stage.push()
    expect(leftBehind.map(({ path }) => path).sort()).toEqual(['d/file-22', 'd/file-4'])
    stage.server.faults.broken = () => false
    expect(await stage.push()).toMatchObject({ outcome: 'confirmed', leftBehind: [] })
    await expectEqual(stage)
  })

  test('row 83: what failed was all there was: the next push takes the number of the failure for our own', async () => {
    const stage = await changedStage(name)
    await stage.push()
    stage.server.faults.broken = (path) => path === 'alone'
    await writeTree(stage.root, { alone: '1' })
    for (let push = 1; push <= 3; push++) {
      expect((await stage.push()).leftBehind.map(({ path }) => path)).toEqual(['alone'])
    }
    await rm(join(stage.root, 'alone'))
    stage.server.faults.broken = () => false
    await stage.push()
    await expectEqual(stage)
  })
})

/** A server that answers first is asked for its status in any case. */
const AT_ONCE = TESTED_GENERATIONS.filter((name) => GENERATIONS[name].applies === 'before the answer')

describe.each(AT_ONCE)('generation %s, which applies before it answers', (name) => {
  test('says that it applied a bundle, and has it no more: its status is believed, and it is sent again', async () => {
    const stage = await changedStage(name)
    stage.server.faults.putBack = 1
    expect(await pushed(stage)).toBe('confirmed')
    await expectEqual(stage)
  })

  test('says so every time: nothing is claimed, and nothing is lost', async () => {
    const stage = await changedStage(name)
    const confirmed = await stage.confirmed()
    stage.server.faults.putBack = 100
    await expect(stage.push()).rejects.toMatchObject({ code: 'proof-failed' })
    expect(await stage.confirmed()).toEqual(confirmed)
    stage.server.faults.putBack = 0
    expect(await pushed(stage)).toBe('confirmed')
    await expectEqual(stage)
  })
})
