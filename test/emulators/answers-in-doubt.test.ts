import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { writeTree } from '../helpers/workspace.js'
import { expectEqual } from './equal.js'
import { GENERATIONS, type GenerationName, TESTED_GENERATIONS } from './generations.js'
import { type Stage, stageOn } from './stage.js'

const FILES = { a: '1', 'd/b': '2', 'd/c': '3', 'd/e': '4', f: '5' }

/** A server that has five files, and a work tree in which one went and others changed. */
async function changedStage(name: GenerationName): Promise<Stage> {
  const stage = await stageOn(name)
  await writeTree(stage.root, FILES)
  await stage.push()
  await rm(join(stage.root, 'a'))
  await writeTree(stage.root, { f: 'changed', 'd/new': 'new' })
  return stage
}

const codeOf = async (push: Promise<unknown>): Promise<unknown> => {
  return await push.then(
    () => 'no failure',
    ({ code }) => code,
  )
}

const isAtOnce = (name: GenerationName): boolean => GENERATIONS[name].applies === 'before the answer'

describe.each(TESTED_GENERATIONS.filter((name) => isAtOnce(name) || GENERATIONS[name].plans))(
  'generation %s, which counts what it did',
  (name) => {
    test('row 83: a creation that it passes over does not hide behind a deletion', async () => {
      const stage = await changedStage(name)
      stage.server.faults.skipped = (path) => path === 'd/new'
      expect((await stage.push()).leftBehind.map(({ path }) => path)).toEqual(['d/new'])
      await expectEqual(stage, ['d/new'])
      stage.server.faults.skipped = () => false
      expect(await stage.push()).toMatchObject({ outcome: 'confirmed', leftBehind: [] })
      await expectEqual(stage)
    })
  },
)

describe.each(TESTED_GENERATIONS.filter(isAtOnce))('generation %s, which applies before it answers', (name) => {
  test('cannot be asked after its good answer: the next push needs no more than to ask', async () => {
    const stage = await changedStage(name)
    stage.server.faults.loseStatus = 100
    expect((await stage.push()).outcome).toBe('queued')
    stage.server.faults.loseStatus = 0
    const before = stage.server.bundles.length
    expect((await stage.push()).outcome).toBe('confirmed')
    expect(stage.server.bundles.length).toBe(before)
    await expectEqual(stage)
  })

  test('cannot be asked after its good answer, and loses what it did meanwhile: it is sent again', async () => {
    const stage = await changedStage(name)
    stage.server.faults.loseStatus = 100
    stage.server.faults.putBack = 1
    expect((await stage.push()).outcome).toBe('queued')
    stage.server.faults.loseStatus = 0
    expect((await stage.push()).outcome).toBe('confirmed')
    await expectEqual(stage)
  })
})

describe.each(TESTED_GENERATIONS)('generation %s', (name) => {
  test.each([422, 200])('row 72: what it refuses (HTTP %i) is sent as it is by then, not for ever', async (status) => {
    const stage = await changedStage(name)
    stage.server.faults.refuse = { path: 'd/new', status }
    for (let push = 1; push <= 3; push++) expect(await codeOf(stage.push())).toBe('bundle-refused')
    expect((await stage.outbox().list()).length).toBeLessThan(3)
    await rm(join(stage.root, 'd/new'))
    expect((await stage.push()).outcome).toBe('confirmed')
    expect(await stage.outbox().list()).toEqual([])
    await expectEqual(stage)
  })
})

describe.each(TESTED_GENERATIONS.filter((name) => !isAtOnce(name) && !GENERATIONS[name].plans))(
  'generation %s, which tells a number alone',
  (name) => {
    test('gives up a bundle while another writer goes on: his number is not taken for ours', async () => {
      const stage = await changedStage(name)
      stage.server.faults.failAfterAnswer = 1
      stage.server.faults.delay = 20
      const push = codeOf(stage.push())
      while (stage.server.isIdle) await new Promise((resolve) => setTimeout(resolve, 1))
      while (!stage.server.isIdle) await new Promise((resolve) => setTimeout(resolve, 1))
      for (let upload = 1; upload <= 2; upload++) await stage.server.foreignUpload(stage.root)
      expect(await push).toBe('conflict')
      stage.server.faults.delay = 0
      expect((await stage.push({ force: true })).outcome).toBe('confirmed')
      await rm(join(stage.server.folder(stage.root), 'theirs'))
      await expectEqual(stage)
    })

    test('cannot be asked once while it applies: to ask again is enough', async () => {
      const stage = await changedStage(name)
      stage.server.faults.loseStatus = 1
      const before = stage.server.bundles.length
      expect((await stage.push()).outcome).toBe('confirmed')
      expect(stage.server.bundles.length).toBe(before + 1)
      await expectEqual(stage)
    })

    test('has two processes, and each answer comes over another connection: it comes to an end', async () => {
      const stage = await stageOn(name)
      stage.server.faults.workers = 2
      stage.server.faults.endsConnections = true
      for (let round = 1; round <= 4; round++) {
        await writeTree(stage.root, { a: `${round}`, [`new-${round}`]: 'n' })
        const outcomes = [(await stage.push({ operations: 2 })).outcome]
        if (outcomes[0] !== 'confirmed') outcomes.push((await stage.push({ operations: 2 })).outcome)
        expect(outcomes.at(-1)).toBe('confirmed')
        await expectEqual(stage)
      }
    })
  },
)

test('another writer at work is not taken for several processes', async () => {
  const stage = await changedStage('A1')
  const original = stage.server.handle.bind(stage.server)
  stage.server.handle = async (request, response) => {
    if (request.url?.includes('/status')) await stage.server.foreignUpload(stage.root)
    await original(request, response)
  }
  expect(await codeOf(stage.push())).toBe('conflict')
  expect(await stage.memory.read()).toMatchObject({ hasSeveralCounters: false })
})
