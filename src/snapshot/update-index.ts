import { gitText, runGit } from '../support/git.js'
import { splitNul } from '../support/text.js'
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
  const names = [...added.values()]
  const { git, kind } = shadow.workspace
  if (names.length < PACK_FROM) return { known: names, unknown: [] }
  if (git === null || kind !== 'work-tree') return { known: [], unknown: names }
  const all = splitNul(await runGit(git.repository, ['ls-files', '-z', '--full-name']))
  const tracked = new Set(withoutPrefix(shadow.workspace, all).map(asKey))
  const unknown = names.filter((name) => !tracked.has(asKey(name)))
  if (unknown.length < PACK_FROM) return { known: names, unknown: [] }
  return { known: names.filter((name) => tracked.has(asKey(name))), unknown }
}

function* terminated(names: Iterable<Buffer>): Generator<Buffer> {
  for (const name of names) yield Buffer.concat([name, Buffer.from([0])])
}

/** Since 2.38 `update-index` collects large files in one pack; before, it would make a pack of each. */
async function packsManyFiles(shadow: Shadow): Promise<boolean> {
  const [, major, minor] = /(\d+)\.(\d+)/.exec(await gitText(shadow.repository, ['--version'])) ?? []
  return Number(major) > 2 || (Number(major) === 2 && Number(minor) >= 38)
}
