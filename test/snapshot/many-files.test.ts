import { expect, test } from '@jest/globals'
import { openShadow } from '../../src/snapshot/shadow.js'
import { addToIndex } from '../../src/snapshot/update-index.js'
import { locateWorkspace } from '../../src/snapshot/workspace.js'
import { git, gitEnvironment, gitRepository, writeTree } from '../helpers/workspace.js'

const ENOUGH_FOR_A_PACK = 250

test('of many files those that git has are borrowed and the others stored in one pack, whatever their order', async () => {
  const tracked = filesIn('tracked')
  const others = filesIn('others')
  const root = await gitRepository({ files: tracked })
  await writeTree(root, others)
  const shadow = await openShadow(await locateWorkspace(root, gitEnvironment()))
  const names = Object.keys({ ...tracked, ...others })
  // As where changed files come before new ones.
  const later = names.filter((_, at) => at % 3 === 0).sort()
  const sooner = names.filter((_, at) => at % 3 !== 0).sort()
  await addToIndex(shadow, each([...sooner, ...later]))
  const { directory } = shadow
  expect((await git(root, '--git-dir', directory, 'ls-files')).split('\n').sort()).toEqual(names.sort())
  const counted = await git(root, '--git-dir', directory, 'count-objects', '-v')
  expect(counted).toContain('count: 0\n')
  expect(counted).toContain(`in-pack: ${ENOUGH_FOR_A_PACK}\npacks: 1\n`)
})

function filesIn(folder: string): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: ENOUGH_FOR_A_PACK }, (_, at) => [`${folder}/${at % 7}/${at}`, `${folder} ${at}\n`]),
  )
}

function* each(names: readonly string[]): Generator<Buffer> {
  for (const name of names) yield Buffer.from(name)
}
