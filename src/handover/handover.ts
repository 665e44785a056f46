import { join } from 'node:path'
import { readTextIfPresent, writeFileDurably } from '../support/durable-files.js'
import { DeltaError } from '../support/errors.js'
import { asFields, parseJson } from '../support/json.js'

/** What an exported folder says of itself, so that another machine can deliver its bundles. */
export interface Handover {
  readonly version: 1
  readonly workspacePath: string
  readonly collectionName: string
  /** The receiver that the bundles were made for, for people. */
  readonly receiver: string
  readonly exportedAt: string
  readonly bundles: number
}

const NAME = 'handover.json'

export async function writeHandover(folder: string, handover: Handover): Promise<void> {
  await writeFileDurably(join(folder, NAME), `${JSON.stringify(handover, null, 2)}\n`)
}

/** Throws `usage` where the folder is no export, or was made by another version. */
export async function readHandover(folder: string): Promise<Handover> {
  const fields = asFields(parseJson((await readTextIfPresent(join(folder, NAME))) ?? ''))
  const { version, workspacePath, collectionName, receiver, exportedAt, bundles } = fields ?? {}
  const isComplete =
    version === 1 &&
    typeof workspacePath === 'string' &&
    typeof collectionName === 'string' &&
    typeof receiver === 'string' &&
    typeof exportedAt === 'string' &&
    typeof bundles === 'number'
  if (isComplete) return { version, workspacePath, collectionName, receiver, exportedAt, bundles }
  throw new DeltaError('usage', `${folder} is not a complete export.`, {
    facts: { folder },
    next: 'Make one with: ce-delta outbox export <folder>',
  })
}
