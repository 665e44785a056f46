import { join } from 'node:path'
import type { TreeId } from '../delta/operation.js'
import { readTextIfPresent, writeHint } from '../support/durable-files.js'
import { gitText, isObjectId } from '../support/git.js'
import { asFields, parseJson } from '../support/json.js'
import { isSkipped, type Skipped } from './eligibility.js'
import type { Shadow } from './shadow.js'

/** The last commit of which a snapshot was taken, and what came of it. */
export interface LastCommitSnapshot {
  /** Changes with the rules that it was judged by. */
  readonly stamp: string
  readonly sourceTree: TreeId
  readonly tree: TreeId
  readonly skipped: readonly Skipped[]
}

const LAST_FILE = 'commit-scan.json'

/** A hint only: where it is missing or damaged, or names trees that are gone, the whole commit is judged. */
export async function readLast(shadow: Shadow): Promise<LastCommitSnapshot | null> {
  const text = await readTextIfPresent(join(shadow.directory, LAST_FILE))
  const last = text === null ? null : parseLast(text)
  if (last === null) return null
  const input = `${last.sourceTree}\n${last.tree}\n`
  const found = await gitText(shadow.repository, ['cat-file', '--batch-check=%(objecttype)'], { input })
  return found === 'tree\ntree' ? last : null
}

/** Remembers it for {@link readLast}. */
export async function writeLast(shadow: Shadow, last: LastCommitSnapshot): Promise<void> {
  await writeHint(join(shadow.directory, LAST_FILE), JSON.stringify(last))
}

function parseLast(text: string): LastCommitSnapshot | null {
  const fields = asFields(parseJson(text))
  if (fields === null || typeof fields.stamp !== 'string' || !Array.isArray(fields.skipped)) return null
  if (!isObjectId(fields.sourceTree) || !isObjectId(fields.tree)) return null
  return {
    stamp: fields.stamp,
    sourceTree: fields.sourceTree,
    tree: fields.tree,
    skipped: fields.skipped.filter(isSkipped),
  }
}
