import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type GitHistory, LONGEST_DIFF, LONGEST_MESSAGE, type ToldCommit, tellable } from '../bundle/git-history.js'
import type { TreeId } from '../delta/operation.js'
import { systemErrorCode } from '../support/errors.js'
import { gitText, gitTextOrNull, runGit } from '../support/git.js'
import { listTree } from '../support/git-objects.js'
import type { Repository } from '../support/git-repository.js'
import { decodeUtf8, splitNul } from '../support/text.js'
import { type ChangedFile, readDiffs, within } from './commit-diffs.js'
import type { EligibilityRules } from './eligibility.js'
import { prefixOf } from './folder-workspace.js'
import { harmlessBlobs } from './harmless-blobs.js'
import type { Shadow } from './shadow.js'

export interface CommitLogOptions {
  /** The newest commit; null: the one that is checked out. */
  readonly revision: string | null
  /** The commit up to which the receiver was told; it need not exist any more. */
  readonly since: string | null
  readonly maxCommits: number
  /** The snapshot that is pushed: of other files nothing is told. */
  readonly target: TreeId
  readonly rules: EligibilityRules
}

type Metadata = Pick<ToldCommit, 'id' | 'author' | 'date' | 'message'>

/**
 * Reads what a receiver is told of the history: the newest commits that it was not told of, without merges; where the
 * workspace is a folder of a larger work tree, those that touched it. A file counts where it is part of the snapshot;
 * its changes are shown where both its states are as harmless as the rules want a file to be. The number of git processes does not depend on that of the commits. null where there is nothing to
 * tell. Throws what git says where objects are missing.
 */
export async function readCommitLog(shadow: Shadow, options: CommitLogOptions): Promise<GitHistory | null> {
  const { git, name } = shadow.workspace
  if (git === null) return null
  const { repository } = git
  const head = await gitTextOrNull(repository, [
    'rev-parse',
    '--quiet',
    '--verify',
    '--end-of-options',
    `${options.revision ?? 'HEAD'}^{commit}`,
  ])
  if (head === null || head === options.since) return null
  const folder = prefixOf(shadow.workspace)
  const commits = await readMetadata(repository, head, folder, options)
  if (commits.length === 0) return null
  const eligible = new Set((await listTree(shadow.repository, options.target)).map(({ path }) => path))
  const boundaries = await shallowBoundaries(repository)
  const whole = commits.filter(({ id }) => !boundaries.has(id)).map(({ id }) => id)
  const changes = await readChanges(repository, whole, folder, eligible)
  const harmless = await harmlessBlobs(repository, [...changes.values()].flat(), options.rules)
  const shown = new Map([...changes].map(([id, files]) => [id, files.filter((file) => isHarmless(file, harmless))]))
  const diffs = await readDiffs(repository, folder, shown)
  return {
    repositoryName: name,
    head,
    previousHead: options.since,
    maxCommits: options.maxCommits,
    commits: commits.map((commit) => ({
      ...commit,
      files: (changes.get(commit.id) ?? []).map(({ path }) => path),
      diff: tellable(diffs.get(commit.id) ?? '', LONGEST_DIFF),
    })),
  }
}

async function readMetadata(
  repository: Repository,
  head: string,
  folder: string,
  options: CommitLogOptions,
): Promise<Metadata[]> {
  const { since, maxCommits } = options
  const range = since === null ? [head] : ['--ignore-missing', head, `^${since}`]
  const format = '--format=%an%x00%aI%x00%B%x00'
  const list = ['rev-list', '--no-merges', `--max-count=${maxCommits}`, '--encoding=UTF-8', format, ...range]
  const touching = folder === '' ? [] : ['--', `:(top,literal)${folder}`]
  const fields = splitNul(await runGit(repository, [...list, ...touching])).map((field) => field.toString('utf8'))
  const commits: Metadata[] = []
  for (let at = 0; at + 2 < fields.length; at += 3) {
    // git puts a line with the id before what was asked for.
    const [, id = '', author = ''] = /^\n?commit ([0-9a-f]+)\n(.*)$/s.exec(fields[at] ?? '') ?? []
    const message = tellable((fields[at + 2] ?? '').trim(), LONGEST_MESSAGE)
    commits.push({ id, author: tellable(author, LONGEST_MESSAGE), date: fields[at + 1] ?? '', message })
  }
  return commits
}

/** Commits whose parents a shallow clone does not have: what they changed cannot be told. */
async function shallowBoundaries(repository: Repository): Promise<ReadonlySet<string>> {
  const file = await gitText(repository, ['rev-parse', '--git-path', 'shallow'])
  try {
    return new Set((await readFile(resolve(repository.directory, file), 'latin1')).split('\n'))
  } catch (thrown) {
    if (systemErrorCode(thrown) === 'ENOENT') return new Set()
    throw thrown
  }
}

/** The eligible files that each commit changed. */
async function readChanges(
  repository: Repository,
  commits: readonly string[],
  folder: string,
  eligible: ReadonlySet<string>,
): Promise<Map<string, ChangedFile[]>> {
  if (commits.length === 0) return new Map()
  const list = ['diff-tree', '--stdin', '--root', '-r', '-z', '--raw', '--no-abbrev', '--no-renames', ...within(folder)]
  const fields = splitNul(await runGit(repository, list, { input: `${commits.join('\n')}\n` }))
  const changes = new Map<string, ChangedFile[]>()
  let files: ChangedFile[] = []
  for (let at = 0; at < fields.length; at++) {
    const head = fields[at]?.toString('latin1') ?? ''
    if (!head.startsWith(':')) {
      files = []
      changes.set(head.trim(), files)
      continue
    }
    const path = decodeUtf8(fields[++at] ?? Buffer.alloc(0))
    const [modeBefore = '', modeAfter = '', before = '', after = ''] = head.slice(1).split(' ')
    if (path === null || !eligible.has(path) || !isFile(modeBefore) || !isFile(modeAfter)) continue
    files.push({ path, before: blobOrNull(before), after: blobOrNull(after) })
  }
  return changes
}

/** A regular file, or nothing; not a link, and not a submodule. */
function isFile(mode: string): boolean {
  return mode.startsWith('100') || mode === '000000'
}

function blobOrNull(id: string): string | null {
  return /^0+$/.test(id) ? null : id
}

function isHarmless({ before, after }: ChangedFile, harmless: ReadonlySet<string>): boolean {
  return (before === null || harmless.has(before)) && (after === null || harmless.has(after))
}
