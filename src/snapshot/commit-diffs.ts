import { StringDecoder } from 'node:string_decoder'
import { LONGEST_DIFF, SPARE } from '../bundle/git-history.js'
import { startGit } from '../support/git.js'
import type { Repository } from '../support/git-repository.js'
import { printable } from '../support/text.js'

/** A file that a commit changed; null where it was not there before or is not there any more. */
export interface ChangedFile {
  readonly path: string
  readonly before: string | null
  readonly after: string | null
}

/** Characters of all diffs together; older commits are told without one when it is used up. */
const LONGEST_TOGETHER = 8 * 1024 * 1024

/** Characters of one diff: what is cut off later may be an address. */
const ENOUGH = LONGEST_DIFF * SPARE + 1

/**
 * What commits changed in these files, as text, by commit. A change is found by the ids of both states, never by what
 * git writes as its path, so that the change of no other file is taken for it.
 */
export async function readDiffs(
  repository: Repository,
  folder: string,
  shown: ReadonlyMap<string, readonly ChangedFile[]>,
): Promise<Map<string, string>> {
  const commits = [...shown].filter(([, files]) => files.length > 0).map(([id]) => id)
  const diffs = new Map<string, string>()
  if (commits.length === 0) return diffs
  const git = startGit(repository, [
    ...['diff-tree', '--stdin', '--root', '-r', '-p', '--full-index', '--no-renames', '--no-ext-diff', '--no-textconv'],
    ...['--no-color', '--unified=3', '--inter-hunk-context=0', '--diff-algorithm=myers', ...within(folder)],
  ])
  git.stdin.end(`${commits.join('\n')}\n`)
  let left = LONGEST_TOGETHER
  const reader = new PatchReader((id, changes) => {
    const diff = left <= 0 ? '' : diffOf(shown.get(id) ?? [], changes)
    left -= diff.length
    diffs.set(id, diff)
  })
  try {
    const decoder = new StringDecoder('utf8')
    for await (const chunk of git.stdout) reader.take(decoder.write(chunk))
    reader.end()
    await git.finished
  } finally {
    git.end()
  }
  return diffs
}

/** Only what is in a folder, with names from there; everything where it is the root, which is written as nothing. */
export function within(folder: string): string[] {
  return folder === '' ? [] : [`--relative=${folder}`]
}

function diffOf(files: readonly ChangedFile[], changes: ReadonlyMap<string, string>): string {
  let diff = ''
  for (const { path, before, after } of files) {
    const change = changes.get(`${before} ${after}`)
    if (change === undefined || diff.length > ENOUGH) continue
    const name = printable(path)
    diff += `diff --git a/${name} b/${name}\n`
    diff += `--- ${before === null ? '/dev/null' : `a/${name}`}\n+++ ${after === null ? '/dev/null' : `b/${name}`}\n${change}`
  }
  return diff
}

/**
 * Reads patches of many commits, line by line. A line of a file begins with a character of the diff, so what begins
 * otherwise was written by git.
 */
class PatchReader {
  readonly #onCommit: (id: string, changes: ReadonlyMap<string, string>) => void
  #rest = ''
  #isRestDropped = false
  #commit: string | null = null
  #changes = new Map<string, string>()
  #change: string | null = null

  constructor(onCommit: (id: string, changes: ReadonlyMap<string, string>) => void) {
    this.#onCommit = onCommit
  }

  take(text: string): void {
    const lines = text.split('\n')
    for (const [index, part] of lines.entries()) {
      if (!this.#isRestDropped) this.#rest += part
      // Of a line that is longer than everything that is told, the end does not matter.
      this.#isRestDropped = this.#rest.length > ENOUGH
      if (index === lines.length - 1) break
      this.#line(this.#rest)
      this.#rest = ''
      this.#isRestDropped = false
    }
  }

  end(): void {
    if (this.#commit !== null) this.#onCommit(this.#commit, this.#changes)
  }

  #line(line: string): void {
    const states = /^index ([0-9a-f]+)\.\.([0-9a-f]+)/.exec(line)
    if (/^[0-9a-f]{40,64}$/.test(line)) {
      this.end()
      this.#commit = line
      this.#changes = new Map()
      this.#change = null
    } else if (line.startsWith('diff --git ')) this.#change = null
    else if (states !== null) {
      this.#change = `${stateOf(states[1])} ${stateOf(states[2])}`
      this.#changes.set(this.#change, '')
    } else if (this.#change !== null && /^[-+ @\\]/.test(line)) this.#append(this.#change, line)
  }

  #append(change: string, line: string): void {
    const text = this.#changes.get(change) ?? ''
    // The names of the files stand before the first change, and are not told as git writes them.
    if (text === '' && !line.startsWith('@@')) return
    if (text.length < ENOUGH) this.#changes.set(change, `${text}${line}\n`)
  }
}

function stateOf(id = ''): string | null {
  return /^0+$/.test(id) ? null : id
}
