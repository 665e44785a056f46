// The power goes at every moment of a push, and takes with it what was not forced to the disk. Run with `npm run test:power`.
import base from './jest.config.mjs'

export default {
  ...base,
  testPathIgnorePatterns: [],
  testMatch: ['<rootDir>/test/power/**/*.test.ts'],
}
