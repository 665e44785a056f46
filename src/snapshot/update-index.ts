import { gitText, runGit } from '../support/git.js'
import { chain, take } from '../support/sequence.js'
import { nulTerminated } from '../support/text.js'
import { withoutPrefix } from './folder-workspace.js'
import type { Shadow } from './shadow.js'

/** From this many files on they are stored in one pack instead of one file each. */
const PACK_FROM = 200

/** Takes files out of the index of the shadow. */
export async function removeFromIndex(shadow: Shadow, names: Iterable<Buffer>): Promise<void> {
  const input = [...terminated(names)]
  if (input.length > 0) await runGit(shadow.repository, ['update-index', '--force-remove', '-z', '--stdin'], { input })
}

/**
 * Brings files into the index of the shadow: git reads, hashes and stores them itself, so what is in the snapshot is what
 * was read. Names of many files are asked for little by little, so that git reads files while the next ones are judged.
 * Throws `git-failed` where a file changes or becomes unreadable at this very moment.
 */
export async function addToIndex(shadow: Shadow, names: Generator<Buffer>): Promise<void> {
  const first = take(PACK_FROM, names)
  if (first.length === 0) return
  if (first.length < PACK_FROM) return await addFiles(shadow, first, [])
  const all = chain(first, names)
  const isKnown = await knownToUser(shadow)
  if (isKnown === null) return await addFiles(shadow, all, await packing(shadow))
  const others: Buffer[] = []
  await addFiles(shadow, only(isKnown, all, others), [])
  if (others.length > 0) await addFiles(shadow, others, others.length < PACK_FROM ? [] : await packing(shadow))
}

async function addFiles(shadow: Shadow, names: Iterable<Buffer>, settings: readonly string[]): Promise<void> {
  const args = ['update-index', '--add', '--remove', '--replace', '-z', '--stdin']
  await runGit(shadow.repository, args, { input: terminated(names), settings })
}

/**
 * Files that the user's repository tracks are mostly stored there already: git finds that out by hashing them, and
 * borrows. Many others are better collected in one pack, which costs compressing them first. Null where there is no such
 * repository.
 */
async function knownToUser({ workspace }: Shadow): Promise<((name: Buffer) => boolean) | null> {
  const { git, kind } = workspace
  if (git === null || kind !== 'work-tree') return null
  const listing = await runGit(git.repository, ['ls-files', '-z', '--full-name'])
  return isAmong(() => withoutPrefix(workspace, nulTerminated(listing)))
}

/**
 * Whether a name is in a listing. Both are in git's order, so that they are walked through side by side and no name has to
 * be kept; one that is out of order begins anew.
 */
function isAmong(list: () => Iterator<Buffer>): (name: Buffer) => boolean {
  let listed = list()
  let next = listed.next()
  let last: Buffer = Buffer.alloc(0)
  return (name) => {
    if (Buffer.compare(name, last) < 0) {
      listed = list()
      next = listed.next()
    }
    last = name
    while (next.done !== true && Buffer.compare(next.value, name) < 0) next = listed.next()
    return next.done !== true && next.value.equals(name)
  }
}

/** The names that are meant; the others are put aside. */
function* only(isMeant: (name: Buffer) => boolean, names: Iterable<Buffer>, others: Buffer[]): Generator<Buffer> {
  for (const name of names) {
    if (isMeant(name)) yield name
    else others.push(name)
  }
}

const NUL = Buffer.from([0])

function* terminated(names: Iterable<Buffer>): Generator<Buffer> {
  for (const name of names) {
    yield name
    yield NUL
  }
}

/** Since 2.38 `update-index` collects large files in one pack; before, it would make a pack of each. */
async function packing(shadow: Shadow): Promise<string[]> {
  const [, major, minor] = /(\d+)\.(\d+)/.exec(await gitText(shadow.repository, ['--version'])) ?? []
  const packsManyFiles = Number(major) > 2 || (Number(major) === 2 && Number(minor) >= 38)
  return packsManyFiles ? ['core.bigFileThreshold=1'] : []
}
