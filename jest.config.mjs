export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
  testPathIgnorePatterns: ['<rootDir>/test/kill/', '<rootDir>/test/power/', '<rootDir>/test/emulators/slow/'],
  testTimeout: 120_000,
  // More than a machine of two cores has: a test waits for git and for the disk about half of its time.
  maxWorkers: 3,
}
