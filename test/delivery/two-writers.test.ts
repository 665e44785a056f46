import { describe, expect, test } from '@jest/globals'
import { ceDelta, expectMirror, filesOf } from '../helpers/command.js'
import { type Serving, serve } from '../helpers/serving.js'
import { gitRepository, readTree, writeTree } from '../helpers/workspace.js'

const IDENTITY = ['--workspace-path', '/work/app']

async function pushTo(root: string, server: Serving, args: readonly string[] = []) {
  return await ceDelta(root, ['push', '--json', ...IDENTITY, ...args], { env: { CE_DELTA_ENDPOINT: server.url } })
}

/** Who does what: an edit and a push of the first clone or of the second, the same for every run of a seed. */
function turnsOf(seed: number): number[] {
  let state = seed
  return Array.from({ length: 7 }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    return (state >> 16) % 2
  })
}

describe('faults.md row 20: two clones of one name push to one workspace', () => {
  test.each([1, 2, 3])('whoever was overtaken is told, and changes nothing (seed %i)', async (seed) => {
    const clones = [await gitRepository(), await gitRepository()]
    const server = await serve()
    const [first = '', second = ''] = clones
    await writeTree(first, { 'first.txt': 'first' })
    await writeTree(second, { 'second.txt': 'second' })
    await expectMirror(await pushTo(first, server), await filesOf(first))
    let mirror = (await expectMirror(await pushTo(second, server), await filesOf(second))).mirror ?? ''
    let last = 1
    for (const [turn, who] of turnsOf(seed).entries()) {
      const root = clones[who] ?? ''
      await writeTree(root, { 'both.txt': `turn ${turn} of ${who}` })
      const before = await readTree(mirror)
      const result = await pushTo(root, server)
      if (who === last) {
        mirror = (await expectMirror(result, await filesOf(root))).mirror ?? ''
        continue
      }
      expect([result.exitCode, result.report.error?.code]).toEqual([6, 'conflict'])
      expect(result.report.error?.next).toContain('--force')
      expect(await readTree(mirror)).toEqual(before)
      // Only on request is the other one's work replaced, and then wholly.
      if (turn % 2 === 0) continue
      await expectMirror(await pushTo(root, server, ['--force']), await filesOf(root))
      last = who
    }
  })
})
