import { startTracedGit } from '../support/git.js'
import { asFields, parseJson } from '../support/json.js'
import { NameList } from '../support/name-list.js'
import { nulTerminated } from '../support/text.js'
import type { Shadow } from './shadow.js'

/** What git says of the work tree, compared with the index of the shadow and with its last scan. */
export interface WorkTreeStatus {
  /** Paths that the index has, but not as they are on disk. */
  readonly changed: readonly Buffer[]
  /** Paths that the index does not have. */
  readonly untracked: NameList
  /** Repositories inside the work tree that the index has nothing of, without the slash at the end. */
  readonly nested: readonly Buffer[]
  /** The index is not as the last scan left it: a scan was interrupted. */
  readonly isIndexAhead: boolean
  /** Folders that could not be listed, and paths of the index that could not be looked at, as git names them. */
  readonly unreadable: readonly string[]
  readonly gitignores: GitignoreNews
}

/**
 * Whether the `.gitignore` files are those that the last `git status` with this index read. git knows from its cache of
 * folders: while it lists none anew, none can have got or lost such a file, and it compares the contents of all that
 * there are, also of those that ignore themselves. Older versions, and a git that does without its cache, do not tell.
 */
export type GitignoreNews = 'as before' | 'may differ' | 'not told'

const SPACE = 0x20
const SLASH = 0x2f

/** One `git status`: its cost is that of the user's own `git status`, because the index keeps a stat cache. */
export async function readStatus(shadow: Shadow, settings: readonly string[]): Promise<WorkTreeStatus> {
  const args = ['status', '--porcelain=v2', '-z', '--untracked-files=all', '--no-renames', '--ignore-submodules=all']
  const git = startTracedGit(shadow.repository, args, { settings })
  git.stdin.end()
  const changed: Buffer[] = []
  const untracked = new NameList()
  const nested: Buffer[] = []
  let isIndexAhead = false
  for await (const entry of entriesOf(git.stdout)) {
    const kind = String.fromCharCode(entry[0] ?? 0)
    if (kind === '?') {
      const name = entry.subarray(2)
      if (name.at(-1) === SLASH) nested.push(Buffer.from(name.subarray(0, -1)))
      else untracked.add(name)
    } else if (kind === '1' || kind === 'u') {
      const hasChangedInIndex = entry[2] !== '.'.charCodeAt(0)
      const hasChangedOnDisk = entry[3] !== '.'.charCodeAt(0)
      if (hasChangedInIndex) isIndexAhead = true
      if (!hasChangedOnDisk) continue
      const name = Buffer.from(afterSpaces(entry, kind === '1' ? 8 : 10))
      changed.push(name)
      // A repository stands where the index has a file.
      if (kind === '1' && modeOnDisk(entry) === '160000') nested.push(name)
    }
  }
  const [complaint, events] = await Promise.all([git.finished, git.events])
  const gitignores = gitignoreNews(events)
  return { changed, untracked, nested, isIndexAhead, unreadable: unreadablePaths(complaint), gitignores }
}

/** How often git listed a folder anew, and found another `.gitignore` than it knew. */
const NEWS = ['opendir', 'gitignore-invalidation']

/** Reads the events of the category `read_directory`. */
export function gitignoreNews(events: string): GitignoreNews {
  const told = new Map<unknown, number>()
  for (const line of events.split('\n')) {
    const event = line.includes('"read_directory"') ? asFields(parseJson(line)) : null
    if (event?.event === 'data' && NEWS.some((key) => key === event.key))
      told.set(event.key, (told.get(event.key) ?? 0) + Number(event.value))
  }
  if (told.size < NEWS.length) return 'not told'
  return [...told.values()].every((times) => times === 0) ? 'as before' : 'may differ'
}

/** What git complains of without failing. The children of such a folder count as unchanged (faults.md row 30). */
function unreadablePaths(complaint: string): string[] {
  const folders = complaint.matchAll(/^warning: could not open directory '(.*\/)': /gm)
  const files = complaint.matchAll(/^(?!(?:warning|error|fatal|hint): )(.+): [A-Z][^:]*$/gm)
  return [...folders, ...files].map(([, path = '']) => path)
}

/** `1 <XY> <sub> <mode in HEAD> <in the index> <on disk> …` */
function modeOnDisk(entry: Buffer): string {
  return afterSpaces(entry, 5).toString('latin1', 0, 6)
}

function afterSpaces(entry: Buffer, spaces: number): Buffer {
  let at = 0
  for (let seen = 0; seen < spaces; seen++) at = entry.indexOf(SPACE, at) + 1
  return entry.subarray(at)
}

/** Cuts a stream at its NUL bytes. */
async function* entriesOf(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let carry = Buffer.alloc(0)
  for await (const chunk of stream) {
    const bytes = carry.length === 0 ? chunk : Buffer.concat([carry, chunk])
    yield* nulTerminated(bytes)
    carry = Buffer.from(bytes.subarray(bytes.lastIndexOf(0) + 1))
  }
}
