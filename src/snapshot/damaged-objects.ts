import { createHash } from 'node:crypto'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { inflate } from 'node:zlib'
import { DeltaError } from '../support/errors.js'
import { runGit } from '../support/git.js'
import type { Shadow } from './shadow.js'

/**
 * Removes the objects of the shadow that cannot be read, as a power loss leaves them: empty, cut off, or full of zeros.
 * git would keep them, because it never looks into an object that it has; once they are gone it stores them again.
 */
export async function removeDamagedObjects(shadow: Shadow): Promise<void> {
  const objects = join(shadow.directory, 'objects')
  for (const folder of await readdir(objects)) {
    if (/^[0-9a-f]{2}$/.test(folder)) await removeDamagedLoose(join(objects, folder), folder)
    if (folder === 'pack') await removeDamagedPacks(shadow, join(objects, folder))
  }
}

async function removeDamagedLoose(directory: string, prefix: string): Promise<void> {
  for (const name of await readdir(directory)) {
    const file = join(directory, name)
    if (!/^[0-9a-f]{38}$/.test(name) || (await isSoundLoose(file, prefix + name))) continue
    await rm(file, { force: true })
  }
}

async function isSoundLoose(file: string, id: string): Promise<boolean> {
  const stored = await readFile(file)
  try {
    const object = await promisify(inflate)(stored)
    return createHash('sha1').update(object).digest('hex') === id
  } catch {
    // What cannot be unpacked is what we look for.
    return false
  }
}

async function removeDamagedPacks(shadow: Shadow, directory: string): Promise<void> {
  const names = await readdir(directory)
  for (const name of names.filter((name) => name.endsWith('.pack'))) {
    const stem = name.slice(0, -'.pack'.length)
    if (await isSoundPack(shadow, join(directory, `${stem}.idx`))) continue
    for (const part of names.filter((part) => part.startsWith(`${stem}.`))) {
      await rm(join(directory, part), { force: true })
    }
  }
}

async function isSoundPack(shadow: Shadow, index: string): Promise<boolean> {
  try {
    await runGit(shadow.repository, ['verify-pack', index])
    return true
  } catch (thrown) {
    if (thrown instanceof DeltaError && (thrown.code === 'git-failed' || thrown.code === 'objects-missing'))
      return false
    throw thrown
  }
}
