import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { push, thisMachine } from '../helpers/command.js'
import { confirmedIn, editEverything, expectHealed, stepsOf, suffering } from '../helpers/killing.js'
import { gitRepository, temporaryDirectory } from '../helpers/workspace.js'

describe('a push that is killed at any of its steps (rows 1, 3, 10)', () => {
  test('its work is finished by the next two, and nothing is left over', async () => {
    const root = await gitRepository()
    const { data } = await thisMachine()
    await editEverything(root, 1)
    await push(root)
    await editEverything(root, 2)
    const steps = await stepsOf((env) => push(root, [], { env }))
    expect(steps.length).toBeGreaterThan(60)
    let last = await expectHealed(root, () => push(root), [data])
    let kills = 0
    for (let step = 1; step <= steps.length; step++) {
      await editEverything(root, step + 2)
      const killed = await push(root, [], { env: suffering({ killAt: step }) })
      if (killed.exitCode === null) kills++
      const between = await confirmedIn(join(root, '.git', 'ce-delta'))
      const next = await expectHealed(root, () => push(root), [data])
      // I2: whatever happened, what is recorded as confirmed was the state before or the state after.
      expect([last.tree, next.tree]).toContain(between?.tree)
      expect((next.sequence ?? 0) - (last.sequence ?? 0)).toBe(1)
      last = next
    }
    expect(kills).toBeGreaterThanOrEqual(steps.length - 3)
  }, 3_600_000)

  test('the very first push, into nothing', async () => {
    const { data } = await thisMachine()
    const fresh = await gitRepository()
    await editEverything(fresh, 1)
    const steps = await stepsOf((env) => push(fresh, ['--workspace-path', '/counted'], { env }))
    for (let step = 1; step <= steps.length; step++) {
      const root = await gitRepository()
      await editEverything(root, 1)
      await push(root, [], { env: suffering({ killAt: step }) })
      const report = await expectHealed(root, () => push(root), [data])
      expect(report.sequence).toBe(1)
    }
  }, 3_600_000)

  test('it was killed again while it recovered', async () => {
    const root = await gitRepository()
    const { data } = await thisMachine()
    await editEverything(root, 1)
    const steps = await stepsOf((env) => push(root, [], { env }))
    for (let turn = 0; turn < 10; turn++) {
      await editEverything(root, turn + 2)
      for (const share of [0.9, 0.7, 0.5, 0.8])
        await push(root, [], { env: suffering({ killAt: Math.floor(steps.length * share) - turn * 2 }) })
      await expectHealed(root, () => push(root), [data])
    }
  }, 3_600_000)
})

describe('an fsync that fails once (row 4)', () => {
  test('is not papered over: the file is written from scratch by the next push', async () => {
    const root = await gitRepository()
    const { data } = await thisMachine()
    await editEverything(root, 1)
    await push(root)
    await editEverything(root, 2)
    // How many folders of objects are forced to the disk depends on their names, which are another commit's each time.
    let isReached = true
    let fsync = 1
    for (; isReached; fsync++) {
      await editEverything(root, fsync + 2)
      const journal = join(await temporaryDirectory(), 'journal')
      const { exitCode, report } = await push(root, [], { env: suffering({ only: 'fsync', failAt: fsync, journal }) })
      isReached = (await readFile(journal, 'utf8')).trimEnd().split('\n').length >= fsync
      expect([exitCode, report.error?.code]).toEqual(isReached ? [1, 'disk-failed'] : [0, undefined])
      await expectHealed(root, () => push(root), [data])
    }
    expect(fsync).toBeGreaterThan(9)
  }, 3_600_000)
})

test('a push without git’s help: a folder that is no repository (row 1)', async () => {
  const root = await temporaryDirectory()
  await editEverything(root, 1)
  const steps = await stepsOf((env) => push(root, [], { env }))
  for (let step = 3; step <= steps.length; step += 8) {
    await editEverything(root, step)
    await push(root, [], { env: suffering({ killAt: step }) })
    const first = await push(root)
    const result = first.exitCode === 0 ? first : await push(root)
    expect(result.report.receiver_tree).toBe(result.report.tree)
  }
}, 3_600_000)
