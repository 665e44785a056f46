import type { TreeId } from '../delta/operation.js'
import { DeltaError } from '../support/errors.js'
import { EMPTY_TREE, gitText, isObjectId } from '../support/git.js'
import { type ConfirmedRecord, parseRecord, readConfirmed } from './confirmed.js'
import type { Shadow } from './shadow.js'

/** One confirmation, with the snapshot that it followed on. */
export interface HistoryEntry extends ConfirmedRecord {
  readonly base: TreeId
}

/** What was confirmed at a receiver, newest first. `path` narrows it to what changed that file or folder. */
export async function readHistory(
  shadow: Shadow,
  receiverKey: string,
  narrow: { readonly limit?: number; readonly path?: string } = {},
): Promise<HistoryEntry[]> {
  const head = await readConfirmed(shadow, receiverKey)
  if (head === null) return []
  const limit = narrow.limit === undefined ? [] : [`--max-count=${narrow.limit}`]
  const path = narrow.path === undefined || narrow.path === '' ? [] : ['--', `:(top,literal)${narrow.path}`]
  const args = ['log', '-z', '--no-show-signature', ...limit, '--format=%H%n%T%n%P%n%B', head.commit, ...path]
  const answer = await gitText(shadow.repository, args)
  return await withBases(shadow, answer.split('\0').flatMap(parseEntry))
}

type ParsedEntry = ConfirmedRecord & { readonly parent: string | null }

function parseEntry(text: string): ParsedEntry[] {
  const [commit, tree, parent, ...message] = text.replace(/^\n/, '').split('\n')
  if (!isObjectId(commit) || !isObjectId(tree)) return []
  const record = parseRecord(message.join('\n'))
  return record === null ? [] : [{ commit, tree, parent: isObjectId(parent) ? parent : null, ...record }]
}

async function withBases(shadow: Shadow, entries: readonly ParsedEntry[]): Promise<HistoryEntry[]> {
  const trees = await treesOf(
    shadow,
    entries.flatMap(({ parent }) => parent ?? []),
  )
  return entries.map(({ parent, ...entry }) => ({
    ...entry,
    base: parent === null ? EMPTY_TREE : (trees.get(parent) ?? EMPTY_TREE),
  }))
}

async function treesOf(shadow: Shadow, commits: readonly string[]): Promise<Map<string, TreeId>> {
  if (commits.length === 0) return new Map()
  const input = commits.map((commit) => `${commit}^{tree}\n`).join('')
  const answer = await gitText(shadow.repository, ['cat-file', '--batch-check=%(objectname)'], { input })
  const lost = answer.split('\n').find((line) => !isObjectId(line))
  if (lost !== undefined) throw new DeltaError('objects-missing', 'A snapshot of the log is gone.', { facts: { lost } })
  return new Map(answer.split('\n').map((tree, index) => [commits[index] ?? '', tree]))
}
