import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { expectMirror, filesOf, push, thisMachine } from '../helpers/command.js'
import { gitRepository, readTree, writeTree } from '../helpers/workspace.js'

const FORMAT = /\[ce-delta\]\n\tformat = \d+\n/

/** The configuration files of the shadow and of the receiver's repository. */
async function configurations(root: string): Promise<string[]> {
  const { data } = await thisMachine()
  const [slug = ''] = await readdir(join(data, 'workspaces'))
  return [join(root, '.git/ce-delta/config'), join(data, 'workspaces', slug, 'repository.git/config')]
}

test.each([
  ['of the workspace', 0],
  ['of the receiver', 1],
])('faults.md row 11: the state %s, written by a newer version, is refused and not touched', async (_, which) => {
  const root = await gitRepository({ files: { a: 'a' } })
  await expectMirror(await push(root), { a: 'a' })
  const file = (await configurations(root))[which] ?? ''
  await writeFile(file, (await readFile(file, 'utf8')).replace(FORMAT, '[ce-delta]\n\tformat = 2\n'))
  await writeTree(root, { a: 'changed' })
  const { data } = await thisMachine()
  const before = await readTree(data)
  const { exitCode, report } = await push(root)
  expect([exitCode, report.error?.code, report.error?.facts?.format]).toEqual([2, 'state-of-newer-version', 2])
  expect(await readTree(data)).toEqual(before)
  expect(await readFile(file, 'utf8')).toContain('format = 2')
})

test('faults.md row 11: the state of a version that wrote no format is taken over', async () => {
  const root = await gitRepository({ files: { a: 'a' } })
  await expectMirror(await push(root), { a: 'a' })
  for (const file of await configurations(root))
    await writeFile(file, (await readFile(file, 'utf8')).replace(FORMAT, ''))
  await writeTree(root, { b: 'b' })
  const report = await expectMirror(await push(root), await filesOf(root))
  expect([report.sequence, report.operations.created]).toEqual([2, 1])
  expect(await readFile(join(root, '.git/ce-delta/config'), 'utf8')).toMatch(FORMAT)
})
