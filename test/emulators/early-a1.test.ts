import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { writeTree } from '../helpers/workspace.js'
import { expectEqual } from './equal.js'
import { EARLY_A1 } from './generations.js'
import { type Stage, stageOn } from './stage.js'

const pathsOf = ({ leftBehind }: Awaited<ReturnType<Stage['push']>>) => leftBehind.map(({ path }) => path)

// It can neither remove a folder nor move one, and tells of nothing that failed.
test('an A1 of the first weeks gets every change, but a file where a folder was: that is named by every push', async () => {
  const stage = await stageOn('A1', { changes: EARLY_A1 })
  await writeTree(stage.root, { 'a/b': '1', c: '1', d: '1' })
  expect(pathsOf(await stage.push())).toEqual([])
  await rm(join(stage.root, 'a'), { recursive: true })
  await rm(join(stage.root, 'd'))
  await writeTree(stage.root, { a: 'a file now', c: '2', 'd/e': 'a folder now' })
  expect(pathsOf(await stage.push())).toEqual(['a'])
  await expectEqual(stage, ['a'])
  expect(pathsOf(await stage.push())).toEqual(['a'])
  // Not known any more, and not remembered either.
  await stage.memory.write(null)
  stage.server.restart({ keepFiles: true })
  expect(pathsOf(await stage.push())).toEqual(['a'])
  await expectEqual(stage, ['a'])
  await rm(join(stage.root, 'a'))
  await writeTree(stage.root, { 'a/f': 'a folder again' })
  expect(pathsOf(await stage.push())).toEqual([])
  await expectEqual(stage)
})
