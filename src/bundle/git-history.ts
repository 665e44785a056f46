/** A commit as a receiver is told of it: nothing in it names an address or a file that is not part of the copy. */
export interface ToldCommit {
  readonly id: string
  readonly author: string
  /** Strict ISO 8601, with the zone of the author. */
  readonly date: string
  readonly message: string
  readonly files: readonly string[]
  readonly diff: string
}

/** The commits that a receiver was not told of yet, newest first. */
export interface GitHistory {
  readonly repositoryName: string
  readonly head: string
  /** The commit up to which it was told; null where it was told of none. */
  readonly previousHead: string | null
  readonly maxCommits: number
  readonly commits: readonly ToldCommit[]
}

/** Characters; what servers index of a commit (protocol.md §2, git_history.json). */
export const LONGEST_MESSAGE = 2000
export const LONGEST_DIFF = 6000

/** So much longer may a text be before addresses are taken out of it; the rest is not looked at. */
export const SPARE = 4

/**
 * `metadata/git_history.json`. Always a `delta`: with `snapshot` a server forgets every commit that it is not told, and
 * the newest ones alone are never all of them (protocol.md §2, D20).
 */
export function historyRecord({ repositoryName, head, previousHead, maxCommits, commits }: GitHistory, at: string) {
  return {
    version: 1,
    repo_name: repositoryName,
    generated_at: at,
    head,
    prev_head: previousHead,
    base_head: previousHead,
    mode: 'delta',
    max_commits: maxCommits,
    since: null,
    commits: commits.map(({ id, author, date, message, files, diff }) => ({
      commit_id: id,
      author_name: author,
      authored_date: date,
      message,
      files,
      diff,
    })),
  }
}

/** A history that says nothing, and takes nothing away. */
export function emptyHistoryRecord(at: string) {
  return { version: 1, generated_at: at, mode: 'delta', commits: [] }
}

/** A text without e-mail addresses, and not longer than so many characters; what was longer ends with `…`. */
export function tellable(text: string, longest: number): string {
  const isCut = text.length > longest * SPARE
  // The word at the cut may be the beginning of an address.
  const start = isCut ? withoutLastWord(text.slice(0, longest * SPARE)) : text
  const told = redacted(start)
  if (told.length <= longest && !isCut) return told
  const end = told.slice(0, longest - 1)
  return `${/[\ud800-\udbff]$/.test(end) ? end.slice(0, -1) : end}…`
}

function withoutLastWord(text: string): string {
  let end = text.length
  while (end > 0 && !/\s/.test(text[end - 1] ?? '')) end--
  return text.slice(0, end)
}

const LOCAL = /[\p{L}\p{N}._%+'-]/u
const DOMAIN = /(?:[\p{L}\p{N}-]+\.)+\p{L}{2,}/uy

/** Goes from one `@` to the next, so that no text takes long. */
function redacted(text: string): string {
  let told = ''
  let from = 0
  for (let at = text.indexOf('@'); at !== -1; at = text.indexOf('@', at + 1)) {
    let start = at
    while (start > from && LOCAL.test(text[start - 1] ?? '')) start--
    DOMAIN.lastIndex = at + 1
    if (start === at || !DOMAIN.test(text)) continue
    told += `${text.slice(from, start)}<redacted>`
    from = DOMAIN.lastIndex
    at = from - 1
  }
  return told + text.slice(from)
}
