import { isBundleId } from '../bundle/manifest.js'
import { type OperationCounts, type TreeId, totalOperations } from '../delta/operation.js'
import { gitText, isObjectId, runGit } from '../support/git.js'
import type { Repository } from '../support/git-repository.js'
import { asFields, parseJson } from '../support/json.js'
import { splitNul } from '../support/text.js'

/**
 * What a receiver knows of the last bundle that it applied. It is the message of the commit that the bundle made, so
 * the sequence, the bundle and the content can never disagree.
 */
export interface AppliedRecord {
  readonly sequence: number
  readonly bundleId: string
  readonly digest: string
  readonly workspacePath: string
  readonly collectionName: string
  readonly createdAt: string
  readonly appliedAt: string
  readonly operations: OperationCounts
  readonly bytes: number
}

export interface AppliedState extends AppliedRecord {
  readonly commit: string
  readonly tree: TreeId
}

export const HEAD_REFERENCE = 'refs/heads/main'

/** What was applied last; null where nothing ever was. */
export async function readApplied(repository: Repository): Promise<AppliedState | null> {
  const format = '--format=%(objectname)%00%(tree)%00%(contents)%00'
  return parseApplied(await gitText(repository, ['for-each-ref', format, HEAD_REFERENCE]))
}

/** How many operations were applied after a commit; all, after none. */
export async function operationsSince(repository: Repository, commit: string | null): Promise<number> {
  const range = commit === null ? HEAD_REFERENCE : `${commit}..${HEAD_REFERENCE}`
  const messages = splitNul(await runGit(repository, ['log', '-z', '--format=%B', range]))
  const records = messages.map((message) => parseRecord(message.toString('utf8')))
  return records.reduce((sum, record) => sum + (record === null ? 0 : totalOperations(record.operations)), 0)
}

/** Looks for a bundle among those applied before the last one; null where it was never applied. */
export async function findApplied(repository: Repository, bundleId: string): Promise<AppliedState | null> {
  const args = [
    'log',
    '-1',
    '--fixed-strings',
    `--grep="bundleId":"${bundleId}"`,
    '--format=%H%x00%T%x00%B',
    HEAD_REFERENCE,
  ]
  return parseApplied(await gitText(repository, args))
}

/** A commit, its tree and its message, after each of them NUL. */
function parseApplied(text: string): AppliedState | null {
  const [commit, tree, message] = text.split('\0')
  const record = parseRecord(message ?? '')
  return record !== null && isObjectId(commit) && isObjectId(tree) ? { ...record, commit, tree } : null
}

export function formatRecord(record: AppliedRecord): string {
  return `${JSON.stringify(record)}\n`
}

function parseRecord(text: string): AppliedRecord | null {
  const fields = asFields(parseJson(text))
  const counts = asFields(fields?.operations)
  if (fields === null || counts === null || typeof fields.sequence !== 'number' || !isBundleId(fields.bundleId))
    return null
  const string = (name: string): string => (typeof fields[name] === 'string' ? fields[name] : '')
  const number = (value: unknown): number => (typeof value === 'number' ? value : 0)
  return {
    sequence: fields.sequence,
    bundleId: fields.bundleId,
    digest: string('digest'),
    workspacePath: string('workspacePath'),
    collectionName: string('collectionName'),
    createdAt: string('createdAt'),
    appliedAt: string('appliedAt'),
    operations: {
      created: number(counts.created),
      updated: number(counts.updated),
      deleted: number(counts.deleted),
      moved: number(counts.moved),
    },
    bytes: number(fields.bytes),
  }
}
