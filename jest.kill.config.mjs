// The slower half: the real command is killed at every durable step. Run with `npm run test:kill`.
import base from './jest.config.mjs'

export default {
  ...base,
  testPathIgnorePatterns: [],
  testMatch: ['<rootDir>/test/kill/**/*.test.ts'],
  testTimeout: 600_000,
}
