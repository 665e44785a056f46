import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const VERSION = '2.2.2'
const PLACE = fileURLToPath(new URL(`../../node_modules/.cache/ce-delta/lefthook-${VERSION}`, import.meta.url))

/**
 * The real lefthook, from npm. It is no dependency of ours, because it installs its hooks, and a configuration, wherever
 * it is installed; so it is fetched once, without its scripts. Throws where it cannot be fetched: what was not tried did
 * not pass.
 */
export async function realLefthook(): Promise<string> {
  const program = join(PLACE, 'node_modules/.bin/lefthook')
  if (existsSync(program)) return program
  await mkdir(PLACE, { recursive: true })
  const args = ['install', '--prefix', PLACE, '--no-save', '--ignore-scripts', '--no-audit', `lefthook@${VERSION}`]
  await promisify(execFile)('npm', args, { cwd: PLACE })
  return program
}
