import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isBundleId } from '../bundle/manifest.js'
import type { OperationCounts, TreeId } from '../delta/operation.js'
import { syncDirectory } from '../support/durable-files.js'
import { DeltaError } from '../support/errors.js'
import { gitText, isObjectId, runGit } from '../support/git.js'
import { asFields, parseJson } from '../support/json.js'
import type { Shadow } from './shadow.js'

/** What made a push happen. */
const TRIGGERS = ['manual', 'hook', 'watch', 'ci', 'retry', 'repair'] as const

export type Trigger = (typeof TRIGGERS)[number]

/** The snapshot that a receiver is known to hold. */
export interface Confirmed {
  readonly tree: TreeId
  readonly sequence: number
  readonly bundleId: string | null
  readonly confirmedAt: string
  readonly operations: OperationCounts
  readonly bytes: number
  /** null in records of earlier versions, like `durationMs`. */
  readonly trigger: Trigger | null
  /** From the start of the push, or from the confirmation before in the same push, to this one. */
  readonly durationMs: number | null
  /** The commit up to which the receiver was told of the history; null where it was told of none. */
  readonly historyHead: string | null
}

/** The confirmed snapshot with the commit that records it; the commit's history is the log of confirmed pushes. */
export interface ConfirmedRecord extends Confirmed {
  readonly commit: string
}

const IDENTITY = {
  GIT_AUTHOR_NAME: 'ce-delta',
  GIT_AUTHOR_EMAIL: 'ce-delta',
  GIT_COMMITTER_NAME: 'ce-delta',
  GIT_COMMITTER_EMAIL: 'ce-delta',
}

/** Where the record of a receiver is. */
export function confirmedReference(receiverKey: string): string {
  return `refs/ce-delta/confirmed/${receiverKey}`
}

/** Reads the confirmed snapshot for a receiver; null where nothing was ever confirmed, or where the record is damaged. */
export async function readConfirmed(shadow: Shadow, receiverKey: string): Promise<ConfirmedRecord | null> {
  const format = '--format=%(objectname)%0a%(tree)%0a%(contents)'
  const answer = await whereReadable(
    gitText(shadow.repository, ['for-each-ref', format, confirmedReference(receiverKey)]),
  )
  const [commit, tree, ...message] = answer.split('\n')
  if (!isObjectId(commit) || !isObjectId(tree)) return null
  const facts = parseRecord(message.join('\n'))
  return facts === null ? null : { commit, tree, ...facts }
}

/** A reference to something that is gone, or to nothing, is a damaged record. */
async function whereReadable(answer: Promise<string>): Promise<string> {
  try {
    return await answer
  } catch (thrown) {
    if (thrown instanceof DeltaError && (thrown.code === 'git-failed' || thrown.code === 'objects-missing')) return ''
    throw thrown
  }
}

/**
 * Moves the confirmed reference, by compare-and-swap: it fails with `conflict` where another process moved it since
 * `previous` was read. Nothing else moves it (faults.md I2).
 */
export async function writeConfirmed(
  shadow: Shadow,
  receiverKey: string,
  previous: ConfirmedRecord | null,
  confirmed: Confirmed,
): Promise<ConfirmedRecord> {
  const { tree, ...facts } = confirmed
  const parents = previous === null ? [] : ['-p', previous.commit]
  const commitTree = { ...shadow.repository, environment: { ...shadow.repository.environment, ...IDENTITY } }
  const commit = await gitText(commitTree, ['commit-tree', tree, ...parents], { input: `${JSON.stringify(facts)}\n` })
  // Without a previous record there is nothing to compare with: the reference is absent or damaged.
  if (previous === null) await rm(join(shadow.directory, confirmedReference(receiverKey)), { force: true })
  const swap = previous === null ? [commit] : [commit, previous.commit]
  try {
    await runGit(shadow.repository, ['update-ref', confirmedReference(receiverKey), ...swap])
    // git makes sure of what is in the file, not of its name: and the outbox is emptied after this.
    await syncDirectory(dirname(join(shadow.directory, confirmedReference(receiverKey))))
  } catch (thrown) {
    if (!(thrown instanceof DeltaError) || !/but expected|reference already exists/.test(thrown.message)) throw thrown
    throw new DeltaError('conflict', 'Another process confirmed a push at the same time.', {
      next: 'Run the command again.',
      cause: thrown,
    })
  }
  return { commit, ...confirmed }
}

/** Reads the message of a commit that records a confirmation; null where it is not one. */
export function parseRecord(text: string): Omit<Confirmed, 'tree'> | null {
  const fields = asFields(parseJson(text))
  if (typeof fields?.sequence !== 'number' || typeof fields.confirmedAt !== 'string') return null
  return {
    sequence: fields.sequence,
    confirmedAt: fields.confirmedAt,
    bundleId: isBundleId(fields.bundleId) ? fields.bundleId : null,
    operations: parseCounts(fields.operations),
    bytes: typeof fields.bytes === 'number' ? fields.bytes : 0,
    trigger: TRIGGERS.find((trigger) => trigger === fields.trigger) ?? null,
    durationMs: typeof fields.durationMs === 'number' ? fields.durationMs : null,
    historyHead: isCommitId(fields.historyHead) ? fields.historyHead : null,
  }
}

/** The id of a commit in the user's repository, whatever hash it uses. */
export function isCommitId(value: unknown): value is string {
  return typeof value === 'string' && /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(value)
}

function parseCounts(value: unknown): OperationCounts {
  const fields = asFields(value)
  const number = (name: string): number => (typeof fields?.[name] === 'number' ? fields[name] : 0)
  return { created: number('created'), updated: number('updated'), deleted: number('deleted'), moved: number('moved') }
}
