import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { writeTree } from '../helpers/workspace.js'
import { expectEqual } from './equal.js'
import { GENERATIONS, TESTED_GENERATIONS } from './generations.js'
import { HOSTILE_NAMES } from './hostile-names.js'
import { stageOn } from './stage.js'

describe.each(TESTED_GENERATIONS)('a server of generation %s', (name) => {
  test('gets every kind of change, one push after another', async () => {
    const stage = await stageOn(name)
    await writeTree(stage.root, { a: '1', 'd/b': '2', c: '3', 'd/e/f': '4' })
    expect(await stage.push()).toMatchObject({ outcome: 'confirmed', leftBehind: [] })
    await expectEqual(stage)
    expect(await stage.push()).toMatchObject({ outcome: 'unchanged' })
    await rm(join(stage.root, 'c'))
    await mkdir(join(stage.root, 'e'))
    await rename(join(stage.root, 'd/b'), join(stage.root, 'e/f'))
    await writeTree(stage.root, { a: '1b', n: 'new' })
    expect(await stage.push()).toMatchObject({ outcome: 'confirmed' })
    await expectEqual(stage)
  })

  test('a file becomes a folder and a folder a file, there and back', async () => {
    const stage = await stageOn(name)
    const forms = [
      { 'a/b/c': '1', b: '1' },
      { a: '2', 'b/c': '2' },
      { 'a/b': '3', b: '3' },
      { 'a/b/c': '4', 'b/c/d': '4' },
    ]
    for (const form of [...forms, ...forms]) {
      for (const path of ['a', 'b']) await rm(join(stage.root, path), { recursive: true, force: true })
      await writeTree(stage.root, { ...form, other: JSON.stringify(form) })
      const { leftBehind } = await stage.push()
      const isStuck = GENERATIONS[name].moves === 'writes, keeps the source' && leftBehind.length > 0
      if (!isStuck) expect(leftBehind).toEqual([])
      await expectEqual(
        stage,
        leftBehind.map(({ path }) => path),
      )
    }
  })

  test('a repository full of names that mean something to it', async () => {
    const stage = await stageOn(name)
    await writeTree(stage.root, HOSTILE_NAMES)
    expect(await stage.push()).toMatchObject({ outcome: 'confirmed', leftBehind: [] })
    await expectEqual(stage)
    expect(stage.server.histories.filter((history) => !history.includes('"commits":[]}'))).toEqual([])
    expect(stage.server.histories.join()).not.toContain('snapshot')
    const changed = Object.entries(HOSTILE_NAMES).map(([path, content]) => [path, `${content} `] as const)
    await writeTree(stage.root, Object.fromEntries(changed))
    await stage.push()
    await expectEqual(stage)
    for (const path of Object.keys(HOSTILE_NAMES))
      await rename(join(stage.root, path), join(stage.root, `${path}.moved`))
    await stage.push()
    for (const path of Object.keys(HOSTILE_NAMES))
      await rename(join(stage.root, `${path}.moved`), join(stage.root, path))
    await stage.push()
    await expectEqual(stage)
  })
})
