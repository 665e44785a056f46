// Servers of every generation, with many more random histories. Run with `npm run test:emulators`.
import base from './jest.config.mjs'

process.env.CE_DELTA_TEST_GENERATIONS = 'all'
process.env.CE_DELTA_TEST_RUNS ??= '60'

export default {
  ...base,
  testPathIgnorePatterns: [],
  testMatch: ['<rootDir>/test/emulators/**/*.test.ts'],
  testTimeout: 1_200_000,
}
