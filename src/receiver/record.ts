import { isBundleId } from '../bundle/manifest.js'
import type { OperationCounts, TreeId } from '../delta/operation.js'
import { gitText, isObjectId } from '../support/git.js'
import type { Repository } from '../support/git-repository.js'
import { asFields, parseJson } from '../support/json.js'

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

/** The commit that the mirror was made from. */
export const MIRROR_REFERENCE = 'refs/ce-delta/mirror'

export interface ReceiverReferences {
  readonly applied: AppliedState | null
  readonly mirrored: string | null
}

export async function readReferences(repository: Repository): Promise<ReceiverReferences> {
  const format = '--format=%(refname)%00%(objectname)%00%(tree)%00%(contents)%00'
  const answer = await gitText(repository, ['for-each-ref', format, HEAD_REFERENCE, MIRROR_REFERENCE])
  const fields = answer.split('\0').map((field) => field.replace(/^\n/, ''))
  let applied: AppliedState | null = null
  let mirrored: string | null = null
  for (let at = 0; at + 3 < fields.length; at += 4) {
    const [name, commit, tree, message] = fields.slice(at, at + 4)
    if (name === MIRROR_REFERENCE && isObjectId(commit)) mirrored = commit
    const record = parseRecord(message ?? '')
    if (name === HEAD_REFERENCE && isObjectId(commit) && isObjectId(tree) && record !== null) {
      applied = { ...record, commit, tree }
    }
  }
  return { applied, mirrored }
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
  const [commit, tree, message] = (await gitText(repository, args)).split('\0')
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
