import { runGit } from '../support/git.js'
import { confirmedReference, readConfirmed } from './confirmed.js'
import type { Shadow } from './shadow.js'

/** The record of what a receiver holds, for another machine: a commit, and a pack with its history and trees. */
export interface CarriedRecord {
  readonly commit: string
  readonly pack: Buffer
}

/** Without contents: the difference of two trees needs none. null where nothing was confirmed. Throws `objects-missing`. */
export async function packRecord(shadow: Shadow, receiverKey: string): Promise<CarriedRecord | null> {
  const record = await readConfirmed(shadow, receiverKey)
  if (record === null) return null
  const list = ['rev-list', '--objects', '--filter=blob:none', '--no-object-names', record.commit]
  const input = await runGit(shadow.repository, list)
  const pack = await runGit(shadow.repository, ['pack-objects', '-q', '--stdout', '--threads=1'], { input })
  return { commit: record.commit, pack }
}

/**
 * Takes a record over, unless there is a later one here already. It is a hint: the receiver is asked, and where it has
 * something else the record does not count. Returns whether it was taken. Throws `git-failed` where the pack is damaged.
 */
export async function unpackRecord(shadow: Shadow, receiverKey: string, carried: CarriedRecord): Promise<boolean> {
  const { commit, pack } = carried
  const known = await readConfirmed(shadow, receiverKey)
  await runGit(shadow.repository, ['index-pack', '--stdin'], { input: pack })
  const reference = confirmedReference(receiverKey)
  await runGit(shadow.repository, ['update-ref', reference, commit])
  const taken = await readConfirmed(shadow, receiverKey)
  if (taken !== null && taken.sequence > (known?.sequence ?? -1)) return true
  const back = known === null ? ['-d', reference] : [reference, known.commit]
  await runGit(shadow.repository, ['update-ref', ...back])
  return false
}
