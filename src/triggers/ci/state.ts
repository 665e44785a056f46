import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { packRecord, unpackRecord } from '../../snapshot/carried-record.js'
import type { Shadow } from '../../snapshot/shadow.js'
import { readTextIfPresent, writeFileDurably } from '../../support/durable-files.js'
import { DeltaError } from '../../support/errors.js'
import { isObjectId } from '../../support/git.js'
import { asFields, parseJson } from '../../support/json.js'

const FACTS = 'state.json'
const PACK = 'trees.pack'

export type StateOutcome = 'none' | 'restored' | 'older' | 'of another receiver' | 'damaged'

/** Takes over what an earlier run left in a folder. What cannot be used is told, and does not matter. */
export async function restoreState(shadow: Shadow, receiverKey: string, folder: string): Promise<StateOutcome> {
  const text = await readTextIfPresent(join(folder, FACTS))
  if (text === null) return 'none'
  const facts = asFields(parseJson(text))
  if (facts?.version !== 1 || !isObjectId(facts.commit)) return 'damaged'
  if (facts.receiver !== receiverKey) return 'of another receiver'
  try {
    const pack = await readFile(join(folder, PACK))
    return (await unpackRecord(shadow, receiverKey, { commit: facts.commit, pack })) ? 'restored' : 'older'
  } catch (thrown) {
    if (isUnusable(thrown)) return 'damaged'
    throw thrown
  }
}

/** Leaves the record for the next run. Returns whether there was one that could be left. */
export async function saveState(shadow: Shadow, receiverKey: string, folder: string): Promise<boolean> {
  try {
    const record = await packRecord(shadow, receiverKey)
    if (record === null) return false
    await mkdir(folder, { recursive: true })
    await writeFileDurably(join(folder, PACK), record.pack)
    const facts = { version: 1, receiver: receiverKey, commit: record.commit }
    await writeFileDurably(join(folder, FACTS), `${JSON.stringify(facts)}\n`)
    return true
  } catch (thrown) {
    if (isUnusable(thrown)) return false
    throw thrown
  }
}

/** A pack that is cut off, or a record whose history is not complete: the next run asks the receiver. */
function isUnusable(thrown: unknown): boolean {
  if (thrown instanceof DeltaError) return thrown.code === 'git-failed' || thrown.code === 'objects-missing'
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT'
}
