import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { ceDelta } from '../helpers/command.js'
import { serve } from '../helpers/serving.js'
import { gitRepository, writeTree } from '../helpers/workspace.js'

const MEBIBYTE = 1 << 20

/** What a file of that size holds does not matter, as long as it cannot be packed away. */
function noise(bytes: number, seed: number): string {
  let state = seed
  let text = ''
  while (text.length < bytes) {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    text += `${state.toString(36)}\n`
  }
  return text.slice(0, bytes)
}

test('faults.md row 12: a push and a server with little memory take a tree that is many times larger', async () => {
  const root = await gitRepository()
  const small = Array.from({ length: 20_000 }, (_, at): [string, string] => [`many/${at % 100}/${at}.txt`, `${at}\n`])
  await writeTree(root, new Map(small))
  for (let at = 0; at < 64; at++) await writeFile(join(root, `large-${at}.txt`), noise(4 * MEBIBYTE, at + 1))
  const little = { NODE_OPTIONS: '--max-old-space-size=64' }
  const server = await serve({ env: little })
  const env = { ...little, CE_DELTA_ENDPOINT: server.url }
  const { exitCode, report } = await ceDelta(root, ['push', '--json'], { env })
  expect([exitCode, report.outcome, report.operations.created]).toEqual([0, 'confirmed', 20_064])
  expect(report.receiver_tree).toBe(report.tree)
  expect(await ceDelta(root, ['push', '--json'], { env })).toMatchObject({ report: { outcome: 'unchanged' } })
}, 3_600_000)
