import { test } from '@jest/globals'
import { GENERATION_NAMES } from './generations.js'
import { expectConvergence } from './random-histories.js'

const RUNS = Number(process.env.CE_DELTA_TEST_RUNS ?? 3)
const SEED = Number(process.env.CE_DELTA_TEST_SEED ?? 20_260_101)

test.each(GENERATION_NAMES)('%s: whatever happened, two pushes make its files those of the work tree', async (name) => {
  await expectConvergence(name, RUNS, SEED)
})
