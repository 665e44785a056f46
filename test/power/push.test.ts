import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { push, thisMachine } from '../helpers/command.js'
import { readDiskTrace, traced } from '../helpers/disk-trace.js'
import { editEverything, expectHealed } from '../helpers/killing.js'
import { crashStates } from '../helpers/losses.js'
import { Disk, mount, remainsOf } from '../helpers/power-loss.js'
import { gitRepository, temporaryDirectory } from '../helpers/workspace.js'

/** So many of the states are tried; `all` tries every one, which takes an hour. */
const MOST = process.env.CE_DELTA_CRASH_STATES === 'all' ? Number.POSITIVE_INFINITY : 120

/** One push whose every step on the disk is known: what there was before it, and the steps. */
async function recordedPush(root: string, folders: readonly string[]) {
  const before = await Disk.of(folders)
  const record = await Disk.of(folders)
  const trace = join(await temporaryDirectory(), 'trace')
  const env = { UV_THREADPOOL_SIZE: '1' }
  const result = await push(root, [], { wrapper: traced(trace), env })
  expect(result.exitCode).toBe(0)
  const steps = await readDiskTrace(trace, root)
  for (const step of steps) record.apply(step)
  // The record is worth something only where it is all that happened.
  for (const [folder, remains] of record.whole())
    expect(comparable(remains)).toEqual(comparable(await remainsOf(folder)))
  return { before, steps }
}

function comparable(remains: ReadonlyMap<string, Buffer | null>): [string, string][] {
  return [...remains]
    .map(([path, content]): [string, string] => [path, content === null ? 'folder' : content.toString('base64')])
    .sort(([left], [right]) => (left < right ? -1 : 1))
}

/** The machine was started again: what the receiver notes of its start is of an earlier one. */
async function startMachineAgain(data: string): Promise<void> {
  const workspaces = join(data, 'workspaces')
  for (const name of await readdir(workspaces).catch((): string[] => [])) {
    const notes = await readdir(join(workspaces, name)).catch((): string[] => [])
    if (notes.includes('mirror-exact-since')) await writeFile(join(workspaces, name, 'mirror-exact-since'), 'before')
  }
}

test.each([
  ['a push', 1],
  ['the very first push', 0],
])(
  'the power goes at any moment of %s, into the embedded receiver (row 3)',
  async (_, pushesBefore) => {
    const root = await gitRepository()
    const { data } = await thisMachine()
    const shadow = join(root, '.git', 'ce-delta')
    for (let turn = 1; turn <= pushesBefore; turn++) {
      await editEverything(root, turn)
      await push(root)
    }
    await editEverything(root, 2)
    const { before, steps } = await recordedPush(root, [shadow, data])
    const states = await crashStates(before, steps, MOST)
    expect(states.length).toBeGreaterThan(50)
    for (const [index, { description, states: state }] of states.entries()) {
      await mount(state)
      await startMachineAgain(data)
      // Whoever comes back to a machine that was off goes on working, or just looks.
      await editEverything(root, index % 2 === 0 ? 2 : 3)
      try {
        await expectHealed(root, () => push(root), [data])
      } catch (thrown) {
        throw new Error(description, { cause: thrown })
      }
    }
  },
  7_200_000,
)
