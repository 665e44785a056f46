import { execFile } from 'node:child_process'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'
import { ceDelta } from '../helpers/command.js'
import { temporaryDirectory } from '../helpers/workspace.js'

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))

/** What a real bash offers after these words. */
async function offeredByBash(words: readonly string[]): Promise<string[]> {
  const folder = await temporaryDirectory()
  await writeFile(join(folder, 'ce-delta'), `#!/bin/sh\nexec '${process.execPath}' --no-warnings '${CLI}' "$@"\n`)
  await chmod(join(folder, 'ce-delta'), 0o755)
  const asked = `source <(ce-delta completion bash)
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _ce_delta; printf '%s\\n' "\${COMPREPLY[@]}"`
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` }
  const { stdout } = await promisify(execFile)('bash', ['-c', asked, 'bash', ...words], { env, cwd: folder })
  return stdout.trim().split('\n')
}

test('bash completes commands, their own commands, and options', async () => {
  expect(await offeredByBash(['ce-delta', 'pu'])).toEqual(['push'])
  expect(await offeredByBash(['ce-delta', 'outbox', 're'])).toEqual(['retry'])
  expect(await offeredByBash(['ce-delta', 'push', '--dry'])).toEqual(['--dry-run'])
  expect(await offeredByBash(['ce-delta', 'completion', 'f'])).toEqual(['fish'])
  expect(await offeredByBash(['ce-delta', 'nothing-like-this', 'x'])).toEqual([''])
})

test.each(['bash', 'zsh', 'fish', 'powershell'])('the script for %s asks the command itself', async (shell) => {
  const { exitCode, stdout } = await ceDelta(await temporaryDirectory(), ['completion', shell])
  expect(exitCode).toBe(0)
  expect(stdout).toContain('ce-delta --get-yargs-completions')
})

test('another shell is a wrong usage', async () => {
  const { exitCode, stderr } = await ceDelta(await temporaryDirectory(), ['completion', 'csh'])
  expect(exitCode).toBe(2)
  expect(stderr).toContain('bash')
})
