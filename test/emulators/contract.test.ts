import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { type Contents, writeTree } from '../helpers/workspace.js'
import { expectEqual } from './equal.js'
import { GENERATION_NAMES } from './generations.js'
import { stageOn } from './stage.js'

/** Names that servers take for their own (protocol.md §2). */
const HOSTILE: Contents = {
  'manifest.json': '{}',
  'public/manifest.json': '{"name":"app"}',
  'x/metadata/operations.json': '{"operations":[{"operation":"deleted","path":"z.txt"}]}',
  'metadata/hashes.json': '{}',
  'metadata/git_history.json': '{"mode":"snapshot","commits":[]}',
  'z.txt': 'the right one',
  'pkg/files/created/z.txt': 'the wrong one',
  'a/myfiles/created/z.txt': 'the wrong one as well',
  'b/files/updated/z.txt': 'no',
  'c/files/moved/z.txt': 'no',
  'a/files/created/b': 'b',
  'new\nline': 'n',
  'ä/日本語': 'ü',
  [`deep/${'long-'.repeat(40)}`]: 'a long name',
}

describe.each(GENERATION_NAMES)('a server of generation %s', (name) => {
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

  test('a repository full of names that mean something to it', async () => {
    const stage = await stageOn(name)
    await writeTree(stage.root, HOSTILE)
    expect(await stage.push()).toMatchObject({ outcome: 'confirmed', leftBehind: [] })
    await expectEqual(stage)
    const changed = Object.entries(HOSTILE).map(([path, content]) => [path, `${content} `] as const)
    await writeTree(stage.root, Object.fromEntries(changed))
    await stage.push()
    await expectEqual(stage)
    for (const path of Object.keys(HOSTILE)) await rename(join(stage.root, path), join(stage.root, `${path}.moved`))
    await stage.push()
    for (const path of Object.keys(HOSTILE)) await rename(join(stage.root, `${path}.moved`), join(stage.root, path))
    await stage.push()
    await expectEqual(stage)
  })
})
