import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'

const PROJECT = fileURLToPath(new URL('../../', import.meta.url))

test('docs/cli.md is what --help says today (npm run docs writes it)', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['scripts/cli-reference.mjs'], { cwd: PROJECT })
  expect(await readFile(`${PROJECT}docs/cli.md`, 'utf8')).toBe(stdout)
  expect(stdout).toContain('### ce-delta outbox retry')
}, 120_000)
