import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { systemErrorCode } from './errors.js'
import { gitText, runGit } from './git.js'
import type { Repository } from './git-repository.js'

/** As git does it: the objects in one of 256 folders tell how many there are in all. */
const SAMPLE = '17'
const MOST_IN_SAMPLE = 20
const MOST_PACKS = 30

/** Whether a repository has so many loose objects or packs that every command begins to pay for it. */
export async function isMaintenanceDue(gitDirectory: string): Promise<boolean> {
  const loose = await namesIn(join(gitDirectory, 'objects', SAMPLE))
  return loose.length > MOST_IN_SAMPLE || (await packCount(gitDirectory)) > MOST_PACKS
}

/**
 * Collects loose objects into a pack, and many packs into one. Safe while others read and write: nothing that is
 * referred to is removed. What is borrowed from another repository is not copied.
 */
export async function maintainRepository(gitDirectory: string, repository: Repository): Promise<void> {
  const isMany = (await packCount(gitDirectory)) > MOST_PACKS
  // Finding deltas between contents would take minutes and save what nobody misses. What the pack replaces is removed,
  // so the pack has to be on the disk before.
  const settings = ['pack.compression=1', 'pack.threads=1', 'pack.window=0', 'core.fsync=committed']
  await runGit(repository, ['repack', '-d', '-l', '-q', ...(isMany ? ['-A', '--unpack-unreachable=1.week.ago'] : [])], {
    settings,
  })
}

/**
 * Copies borrowed trees, so that they outlive a clean-up in the repository they are borrowed from. Contents are not
 * copied: they are needed only while a bundle is made, and can be read from the work tree again.
 */
export async function keepTrees(repository: Repository, gitDirectory: string): Promise<void> {
  const tips = await gitText(repository, ['for-each-ref', '--format=%(tree)', 'refs/ce-delta/confirmed/'])
  if (tips === '') return
  const list = ['rev-list', '--objects', '--filter=blob:none', '--no-object-names', '--stdin']
  const trees = await runGit(repository, list, { input: `${tips}\n` })
  const pack = join(gitDirectory, 'objects', 'pack', 'pack')
  await runGit(repository, ['pack-objects', '-q', '--threads=1', pack], { input: trees })
}

async function packCount(gitDirectory: string): Promise<number> {
  return (await namesIn(join(gitDirectory, 'objects', 'pack'))).filter((name) => name.endsWith('.pack')).length
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (thrown) {
    if (systemErrorCode(thrown) === 'ENOENT') return []
    throw thrown
  }
}
