import { expect } from '@jest/globals'
import { filesOf } from '../helpers/command.js'
import type { Stage } from './stage.js'

/** The server has exactly the files of the work tree, and was never asked for what it does badly. */
export async function expectEqual(stage: Stage, without: readonly string[] = []): Promise<void> {
  const wanted = await filesOf(stage.root, without)
  const there = await stage.files()
  expect([...there.keys()].sort()).toEqual([...wanted.keys()].sort())
  for (const [path, content] of wanted) expect([path, there.get(path)?.toString()]).toEqual([path, content.toString()])
  expect(stage.server.overlaps).toBe(0)
  expect(stage.server.rewinds).toBe(0)
  expect(stage.server.escaped).toEqual([])
  expect(await stage.outbox().list()).toEqual([])
}
