import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { writeTree } from '../helpers/workspace.js'
import { GENERATION_NAMES } from './generations.js'
import { HOSTILE_NAMES } from './hostile-names.js'
import { applyWithPython, expectSame } from './python.js'
import { stageOn } from './stage.js'

describe.each(GENERATION_NAMES)('a server in Python that reads as %s does', (name) => {
  test('makes the work tree of our bundles, whatever the files are called', async () => {
    const stage = await stageOn(name)
    stage.server.faults.hidden = true
    await writeTree(stage.root, { ...HOSTILE_NAMES, 'dir/file': '1', 'other/file': '2', file: '3' })
    await stage.push()
    await rm(join(stage.root, 'file'))
    await rename(join(stage.root, 'other'), join(stage.root, 'renamed'))
    await writeTree(stage.root, { 'file/now/folder': '4', 'z.txt': 'changed', 'dir/file': '' })
    await stage.push()
    await mkdir(dirname(join(stage.root, 'q/manifest.json')))
    await rename(join(stage.root, 'public/manifest.json'), join(stage.root, 'q/manifest.json'))
    await rm(join(stage.root, 'x'), { recursive: true })
    expect((await stage.push()).leftBehind).toEqual([])
    const { folder, counts } = await applyWithPython(name, stage.server.bundles)
    expect(counts.failed ?? 0).toBe(0)
    await expectSame(folder, stage.root)
  })
})
