import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { push, thisMachine } from '../helpers/command.js'
import { editEverything, expectHealed } from '../helpers/killing.js'
import { crashStates, MOST_STATES } from '../helpers/losses.js'
import { mount } from '../helpers/power-loss.js'
import { recorded, startMachineAgain } from '../helpers/recorded-disk.js'
import { gitRepository } from '../helpers/workspace.js'

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
    const { disk, steps } = await recorded([shadow, data], root, async (wrapper) => {
      expect((await push(root, [], { wrapper, env: { UV_THREADPOOL_SIZE: '1' } })).exitCode).toBe(0)
    })
    const states = await crashStates(disk, steps, MOST_STATES)
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
