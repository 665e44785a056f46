import { gzipSync } from 'node:zlib'
import { expect, test } from '@jest/globals'
import { pax, type TarMember, tarOf } from '../../helpers/tar.js'
import { writeTree } from '../../helpers/workspace.js'
import { applyWithPython, expectSame } from '../python.js'
import { stageOn } from '../stage.js'

/** A bundle as the reference client lays it out: contents in the order of folders, the manifest after them. */
function referenceBundle(files: ReadonlyMap<string, string>): Buffer {
  const operations = [...files.keys()].map((path) => ({ operation: 'created', path }))
  const manifest = { version: '1.0', bundle_id: 'x', workspace_path: '/w', created_at: '', sequence_number: null }
  const member = (name: string, content: string): TarMember[] => [pax({ path: name }), { name: 'x', content }]
  const contents = [...files].sort(([left], [right]) => (left < right ? -1 : 1))
  return gzipSync(
    tarOf([
      ...contents.flatMap(([path, content]) => member(`x/files/created/${path}`, content)),
      ...member('x/manifest.json', JSON.stringify(manifest)),
      ...member('x/metadata/hashes.json', '{}'),
      ...member('x/metadata/operations.json', JSON.stringify({ operations })),
    ]),
  )
}

/** Source files of the usual size, named so that the order of folders and the order of a walk differ. */
function project(count: number): Map<string, string> {
  const noise = (seed: number): string =>
    Array.from({ length: 250 }, (_, at) => ((seed * 7919 + at * 2_654_435_761) >>> 3).toString(36)).join('\n')
  const names = Array.from({ length: count }, (_, at) => `src/${(at * 7) % 41}/${(at * 13) % count}/file.ts`)
  return new Map(names.map((name, at) => [name, noise(at)]))
}

test('the time until everything is applied grows with the number of files, not with its square', async () => {
  const stage = await stageOn('A1')
  const files = project(4000)
  await writeTree(stage.root, files)
  await stage.push({ operations: 2000 })
  const half = await stageOn('A1')
  await writeTree(half.root, new Map([...files].slice(0, 2000)))
  await half.push({ operations: 2000 })
  const [ours, ourHalf] = [
    await applyWithPython('A1', stage.server.bundles),
    await applyWithPython('A1', half.server.bundles),
  ]
  expect([ours.counts, stage.server.rewinds]).toEqual([{ created: 4000 }, 0])
  await expectSame(ours.folder, stage.root)
  const theirs = await applyWithPython('A1', [referenceBundle(files)])
  expect(theirs.counts).toEqual({ created: 4000 })
  const ratios = { reference: theirs.seconds / ours.seconds, twice: ours.seconds / ourHalf.seconds }
  process.stderr.write(
    `reference layout / ours: ${ratios.reference.toFixed(1)}; 4000 / 2000 files: ${ratios.twice.toFixed(1)}\n`,
  )
  expect(ratios.reference).toBeGreaterThan(20)
  expect(ratios.twice).toBeLessThan(3)
})
