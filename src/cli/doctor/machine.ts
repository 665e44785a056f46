import { statfs } from 'node:fs/promises'
import { readTextIfPresent } from '../../support/durable-files.js'
import { DeltaError } from '../../support/errors.js'
import { gitText } from '../../support/git.js'
import { userRepository } from '../../support/git-repository.js'
import { formatBytes, grouped } from '../../support/text.js'
import { type Check, fail, pass, warn } from './check.js'

const OLDEST_NODE = '20.17'
const OLDEST_GIT = '2.30'

export function checkNode(version = process.versions.node): Check {
  if (isAtLeast(version, OLDEST_NODE)) return pass('node', version)
  const fix = `Install Node ${OLDEST_NODE} or newer.`
  return fail('node', new DeltaError('usage', `Node ${version} is too old.`), fix)
}

export async function checkGit(): Promise<Check> {
  // Not in the folder that is asked about: that one may not be there.
  const answer = await gitText(userRepository(process.cwd(), process.env), ['--version'])
  const version = /\d+(?:\.\d+)+/.exec(answer)?.[0] ?? '0'
  if (isAtLeast(version, OLDEST_GIT)) return pass('git', version)
  return fail('git', new DeltaError('usage', `git ${version} is too old.`), `Install git ${OLDEST_GIT} or newer.`)
}

/** Compares versions by their numbers. */
export function isAtLeast(version: string, oldest: string): boolean {
  const [have, need] = [version, oldest].map((text) => text.split('.').map(Number))
  for (const [at, wanted] of (need ?? []).entries()) {
    const number = have?.[at] ?? 0
    if (number !== wanted) return number > wanted
  }
  return true
}

const LITTLE_SPACE = 1e9
const NO_SPACE = 5e7

export async function checkDisk(directory: string): Promise<Check> {
  const { bavail, bsize } = await statfs(directory)
  const free = bavail * bsize
  const message = `${formatBytes(free)} free in ${directory}`
  const fix = 'Free some space: a bundle is written before it is sent.'
  if (free < NO_SPACE) return fail('disk', new DeltaError('disk-failed', message), fix)
  return free < LITTLE_SPACE ? warn('disk', message, fix) : pass('disk', message)
}

const ENOUGH_WATCHES = 65_536

/** Only Linux counts watched folders. */
export async function checkInotify(): Promise<Check> {
  const text = await readTextIfPresent('/proc/sys/fs/inotify/max_user_watches')
  if (text === null) return pass('inotify', 'not needed on this system')
  const watches = Number(text)
  const message = `${grouped(watches)} folders can be watched`
  const fix = 'sudo sysctl fs.inotify.max_user_watches=524288 (and write it into /etc/sysctl.conf)'
  return watches < ENOUGH_WATCHES ? warn('inotify', message, fix) : pass('inotify', message)
}
