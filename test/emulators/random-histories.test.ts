import { test } from '@jest/globals'
import { TESTED_GENERATIONS } from './generations.js'
import { expectConvergence } from './random-histories.js'

const RUNS = Number(process.env.CE_DELTA_TEST_RUNS ?? 3)
const SEED = Number(process.env.CE_DELTA_TEST_SEED ?? 20_260_101)

test.each(TESTED_GENERATIONS)(
  '%s: whatever happened, two pushes make its files those of the work tree',
  async (name) => {
    await expectConvergence(name, RUNS, SEED)
  },
)
