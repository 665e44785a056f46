import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { counts, expectMirror, leftOut, push } from '../helpers/command.js'
import { git, gitBytes, gitRepository } from '../helpers/workspace.js'

const NAMES = [Buffer.from([0xff, 0xfe, 0x2e, 0x62]), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('caf\xe9', 'latin1')]

function inside(root: string, ...parts: (string | Buffer)[]): Buffer {
  const all = [Buffer.from(root), ...parts.flatMap((part) => [Buffer.from('/'), Buffer.from(part)])]
  return Buffer.concat(all)
}

test('faults.md row 40: a name that is not UTF-8 is left out, named with escapes, and exit code 3 says so', async () => {
  const root = await gitRepository({ files: { a: 'a' } })
  for (const name of NAMES) await writeFile(inside(root, name), 'x')
  await mkdir(inside(root, 'caf\ufffd', NAMES[2] ?? ''), { recursive: true })
  await writeFile(inside(root, 'caf\ufffd', NAMES[2] ?? '', 'inner'), 'x')
  await writeFile(inside(root, 'caf\ufffd', 'twin'), 'x')
  for (const operations of [counts(2), counts(0)]) {
    const report = await expectMirror(await push(root), { a: 'a', 'caf\ufffd/twin': 'x' }, 3)
    expect(report.operations).toEqual(operations)
    expect(leftOut(report)).toEqual(
      ['\\xff\\xfe.b', '\\xed\\xa0\\x80', 'caf\\xe9', 'caf\\xef\\xbf\\xbd/caf\\xe9/inner']
        .map((name) => `name is not UTF-8: ${name}`)
        .sort(),
    )
  }
})

test('faults.md row 40: a rename to such a name deletes the old one only, and back brings it back', async () => {
  const root = await gitRepository({ files: { a: 'a', b: 'b' } })
  await expectMirror(await push(root), { a: 'a', b: 'b' })
  const strange = inside(root, NAMES[0] ?? '')
  await rename(join(root, 'b'), strange)
  expect((await expectMirror(await push(root), { a: 'a' }, 3)).operations).toEqual(counts(0, 0, 1))
  await rename(strange, join(root, 'b'))
  await expectMirror(await push(root), { a: 'a', b: 'b' })
})

test('faults.md row 40: deleting such a file sends nothing', async () => {
  const root = await gitRepository({ files: { a: 'a' } })
  await writeFile(inside(root, NAMES[1] ?? ''), 'x')
  await expectMirror(await push(root), { a: 'a' }, 3)
  await rm(inside(root, NAMES[1] ?? ''))
  expect((await expectMirror(await push(root), { a: 'a' })).outcome).toBe('unchanged')
})

test('faults.md rows 40, 47: names in a commit that cannot be carried are left out too', async () => {
  const root = await gitRepository({ files: { a: 'a' } })
  const names = [...NAMES, Buffer.from('.GIT'), Buffer.from('git~1')]
  const blob = (await gitBytes(root, ['hash-object', '-w', '--stdin'], 'x')).toString().trim()
  const lines = names.map((name) => Buffer.concat([Buffer.from(`100644 blob ${blob}\t`), name, Buffer.from([0])]))
  const link = Buffer.from(
    `120000 blob ${blob}\tlink\u0000160000 commit ${'1'.repeat(40)}\tsubmodule\u0000100755 blob ${blob}\trun.sh\u0000`,
  )
  const tree = (await gitBytes(root, ['mktree', '-z', '--missing'], Buffer.concat([...lines, link]))).toString().trim()
  const commit = await git(root, 'commit-tree', tree, '-m', 'strange')
  await writeFile(join(root, '.git/info/exclude'), 'a\n')
  for (const extra of [[], ['--full']]) {
    const report = await expectMirror(await push(root, ['--commit', commit, ...extra]), { 'run.sh': 'x' }, 3)
    expect(leftOut(report)).toEqual([
      'name cannot be carried: .GIT',
      'name cannot be carried: git~1',
      'name is not UTF-8: \\xed\\xa0\\x80',
      'name is not UTF-8: \\xff\\xfe.b',
      'name is not UTF-8: caf\\xe9',
      'submodule without files: submodule',
      'symbolic link: link',
    ])
  }
  await writeFile(join(root, 'ce-delta.config.json'), '{"exclude":["run.sh"]}')
  await expectMirror(await push(root, ['--commit', commit, '--allow-mass-delete']), {}, 3)
})
