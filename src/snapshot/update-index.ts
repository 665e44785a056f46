import { gitText, runGit } from '../support/git.js'
import { nulTerminated } from '../support/text.js'
import { withoutPrefix } from './folder-workspace.js'
import { asKey } from './ignore-rules.js'
import type { Shadow } from './shadow.js'

/** Names by key, as `asKey` makes them. */
export type Names = ReadonlyMap<string, Buffer>

/** From this many files on they are stored in one pack instead of one file each. */
const PACK_FROM = 200

/**
 * Brings the index of the shadow up to date: git reads, hashes and stores the files itself, so what is in the snapshot
 * is what was read. Throws `git-failed` where a file changes or becomes unreadable at this very moment.
 */
export async function updateIndex(shadow: Shadow, added: Names, removed: Names): Promise<void> {
  if (removed.size > 0) {
    const args = ['update-index', '--force-remove', '-z', '--stdin']
    await runGit(shadow.repository, args, { input: terminated(removed.values()) })
  }
  if (added.size === 0) return
  const { known, unknown } = await splitByOrigin(shadow, added)
  await addFiles(shadow, known, [])
  if (unknown.length > 0)
    await addFiles(shadow, unknown, (await packsManyFiles(shadow)) ? ['core.bigFileThreshold=1'] : [])
}

async function addFiles(shadow: Shadow, names: readonly Buffer[], settings: readonly string[]): Promise<void> {
  if (names.length === 0) return
  const args = ['update-index', '--add', '--remove', '--replace', '-z', '--stdin']
  await runGit(shadow.repository, args, { input: terminated(names), settings })
}

/**
 * Files that the user's repository tracks are mostly stored there already: git finds that out by hashing them, and
 * borrows. Many others are better collected in one pack, which costs compressing them first.
 */
async function splitByOrigin(shadow: Shadow, added: Names): Promise<{ known: Buffer[]; unknown: Buffer[] }> {
  const { git, kind } = shadow.workspace
  if (added.size < PACK_FROM) return { known: [...added.values()], unknown: [] }
  if (git === null || kind !== 'work-tree') return { known: [], unknown: [...added.values()] }
  const tracked = await runGit(git.repository, ['ls-files', '-z', '--full-name'])
  const known = new Set<Buffer>()
  for (const name of withoutPrefix(shadow.workspace, nulTerminated(tracked))) {
    const wanted = added.get(asKey(name))
    if (wanted !== undefined) known.add(wanted)
  }
  if (added.size - known.size < PACK_FROM) return { known: [...added.values()], unknown: [] }
  return { known: [...known], unknown: [...added.values()].filter((name) => !known.has(name)) }
}

function* terminated(names: Iterable<Buffer>): Generator<Buffer> {
  for (const name of names) yield Buffer.concat([name, Buffer.from([0])])
}

/** Since 2.38 `update-index` collects large files in one pack; before, it would make a pack of each. */
async function packsManyFiles(shadow: Shadow): Promise<boolean> {
  const [, major, minor] = /(\d+)\.(\d+)/.exec(await gitText(shadow.repository, ['--version'])) ?? []
  return Number(major) > 2 || (Number(major) === 2 && Number(minor) >= 38)
}
