import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { writeTree } from '../helpers/workspace.js'
import { expectEqual } from './equal.js'
import { type Stage, stageOn } from './stage.js'

const FILES = { a: '1', 'd/b': '2', 'd/c': '3', 'e/f': '4', 'e/g': '5' }

async function pushedStage(name: 'A3' | 'A3+'): Promise<Stage> {
  const stage = await stageOn(name)
  await writeTree(stage.root, FILES)
  await stage.push()
  stage.server.requests.splice(0)
  return stage
}

const uploads = ({ server }: Stage, what = 'upload') =>
  server.requests.filter((request) => request.endsWith(what)).length

describe.each(['A3', 'A3+'] as const)('generation %s, which plans', (name) => {
  test('gets deletions and moves without a bundle', async () => {
    const stage = await pushedStage(name)
    await rm(join(stage.root, 'a'))
    await mkdir(join(stage.root, 'x'))
    await rename(join(stage.root, 'd/b'), join(stage.root, 'x/b'))
    expect(await stage.push()).toMatchObject({ outcome: 'confirmed', counts: { deleted: 1, moved: 1 } })
    expect([uploads(stage), uploads(stage, 'apply_ops')]).toEqual([0, 1])
    await expectEqual(stage)
  })

  test('gets them in a bundle where the way without one is closed', async () => {
    const stage = await pushedStage(name)
    stage.server.faults.hidden = true
    await rm(join(stage.root, 'a'))
    expect((await stage.push()).outcome).toBe('confirmed')
    expect(uploads(stage)).toBe(1)
    await expectEqual(stage)
  })

  test('cannot carry out one of them: the rest goes on, and it is named', async () => {
    const stage = await pushedStage(name)
    stage.server.faults.broken = (path) => path === 'd/c'
    await rm(join(stage.root, 'd'), { recursive: true })
    await rm(join(stage.root, 'a'))
    expect((await stage.push()).leftBehind.map(({ path }) => path)).toEqual(['d/c'])
    stage.server.faults.broken = () => false
    expect(await stage.push()).toMatchObject({ outcome: 'confirmed', leftBehind: [] })
    await expectEqual(stage)
  })

  test('lost the answer of one: nothing is claimed that is not known', async () => {
    const stage = await pushedStage(name)
    stage.server.faults.loseAnswer = 1
    await rm(join(stage.root, 'a'))
    expect((await stage.push()).outcome).toBe('confirmed')
    await expectEqual(stage)
  })

  test('is asked what it lacks after a restart, where the configuration says so', async () => {
    const stage = await pushedStage(name)
    stage.server.restart({ keepFiles: true })
    await rm(join(stage.server.folder(stage.root), 'd/b'))
    await rm(join(stage.root, 'a'))
    await writeTree(stage.root, { 'e/g': 'changed' })
    expect(await stage.push({ recovery: 'compare' })).toMatchObject({ counts: { created: 2 } })
    await expectEqual(stage)
    stage.server.restart({ keepFiles: true })
    expect(await stage.push({ recovery: 'compare' })).toMatchObject({ leftBehind: [] })
    expect((await stage.push()).outcome).toBe('unchanged')
    await expectEqual(stage)
  })

  test('is made to write every file by --full, whatever it believes to have', async () => {
    const stage = await pushedStage(name)
    await writeFile(join(stage.server.folder(stage.root), 'd/b'), 'damaged')
    await stage.push({ full: true })
    await expectEqual(stage)
  })
})
