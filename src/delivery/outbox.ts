import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isBundleId } from '../bundle/manifest.js'
import type { OperationCounts, TreeId } from '../delta/operation.js'
import { isCommitId } from '../snapshot/confirmed.js'
import {
  isTemporary,
  makePrivateDirectory,
  readTextIfPresent,
  removeDurably,
  syncDirectory,
  writeFileDurably,
} from '../support/durable-files.js'
import { systemErrorCode } from '../support/errors.js'
import { digestOf } from '../support/file-digest.js'
import { isObjectId } from '../support/git.js'
import { asFields, parseJson } from '../support/json.js'

/** A bundle that was written durably and is not confirmed yet. Entries stand in the order in which they are sent. */
export interface OutboxEntry {
  readonly position: number
  readonly bundleId: string
  readonly sequence: number
  readonly base: TreeId
  readonly target: TreeId
  readonly createdAt: string
  readonly bytes: number
  readonly digest: string
  readonly operations: OperationCounts
  /** What stands in the bundle, where a dialect needs more steps than there are operations; else left out. */
  readonly steps?: OperationCounts
  /** Set before the first byte was sent: from then on the receiver may have applied it. */
  readonly attemptedAt: string | null
  /** It was refused, and nothing changed there; so it counts as not attempted. */
  readonly refusedAt?: string
  /** The dialect that it was written in; left out, it is the specified format. */
  readonly dialect?: string
  /** Only some of its operations were carried out: what the receiver holds of the others is not known. */
  readonly isPartlyApplied?: boolean
  /** It was answered as applied, in this number, and the status that had to bear it out could not be asked. */
  readonly isAcknowledged?: boolean
  /** It tells of the history up to this commit. */
  readonly historyHead?: string
}

/**
 * The outbox of one receiver: a bundle and an entry for each. The bundle is written first and the entry removed first,
 * so an entry always has its bundle; whatever else is found is left over from a killed process and removed.
 */
export class Outbox {
  readonly #directory: string

  constructor(directory: string) {
    this.#directory = directory
  }

  /** Where the bundle at this place in the order is written to, before its entry exists. */
  async reserve(position: number, bundleId: string): Promise<string> {
    await makePrivateDirectory(this.#directory)
    return this.#file(position, bundleId, 'tar.gz')
  }

  bundlePath(entry: OutboxEntry): string {
    return this.#file(entry.position, entry.bundleId, 'tar.gz')
  }

  async put(entry: OutboxEntry): Promise<void> {
    await writeFileDurably(this.#file(entry.position, entry.bundleId, 'json'), `${JSON.stringify(entry)}\n`)
  }

  async remove(entry: OutboxEntry): Promise<void> {
    await removeDurably(this.#file(entry.position, entry.bundleId, 'json'))
    await rm(this.bundlePath(entry), { force: true })
  }

  /** The entries in order. A damaged one is no entry; the next push makes its changes again (faults.md rows 9, 10). */
  async list(): Promise<OutboxEntry[]> {
    const entries: OutboxEntry[] = []
    for (const name of (await this.#names()).filter((name) => name.endsWith('.json'))) {
      const entry = parseEntry(await readTextIfPresent(join(this.#directory, name)))
      if (entry !== null && this.#file(entry.position, entry.bundleId, 'json').endsWith(name)) entries.push(entry)
    }
    return entries.sort((left, right) => left.position - right.position)
  }

  /** Removes what belongs to no entry. Only under the push lock. */
  async collect(): Promise<void> {
    const wanted = new Set(
      (await this.list()).flatMap(({ position, bundleId }) => [
        fileName(position, bundleId, 'json'),
        fileName(position, bundleId, 'tar.gz'),
      ]),
    )
    const names = await this.#names()
    const strays = names.filter((name) => !wanted.has(name) || isTemporary(name))
    for (const name of strays) await rm(join(this.#directory, name), { force: true })
    if (strays.length > 0) await syncDirectory(this.#directory)
  }

  /** Whether the bundle is still, byte for byte, what was written. */
  async isIntact(entry: OutboxEntry): Promise<boolean> {
    try {
      return (await digestOf(this.bundlePath(entry))) === entry.digest
    } catch (thrown) {
      if (systemErrorCode(thrown) === 'ENOENT') return false
      throw thrown
    }
  }

  #file(position: number, bundleId: string, suffix: 'json' | 'tar.gz'): string {
    return join(this.#directory, fileName(position, bundleId, suffix))
  }

  async #names(): Promise<string[]> {
    try {
      return await readdir(this.#directory)
    } catch (thrown) {
      if (systemErrorCode(thrown) === 'ENOENT') return []
      throw thrown
    }
  }
}

function fileName(position: number, bundleId: string, suffix: 'json' | 'tar.gz'): string {
  return `${String(position).padStart(6, '0')}-${bundleId}.${suffix}`
}

function parseEntry(text: string | null): OutboxEntry | null {
  const fields = text === null ? null : asFields(parseJson(text))
  const operations = parseCounts(fields?.operations)
  if (fields === null || operations === null) return null
  const { position, bundleId, sequence, base, target, createdAt, bytes, digest, attemptedAt } = fields
  if (!isWhole(position) || !isWhole(sequence) || !isWhole(bytes) || !isBundleId(bundleId)) return null
  if (!isObjectId(base) || !isObjectId(target) || typeof createdAt !== 'string' || typeof digest !== 'string')
    return null
  const steps = parseCounts(fields.steps)
  return {
    position,
    bundleId,
    sequence,
    base,
    target,
    createdAt,
    bytes,
    digest,
    operations,
    ...(steps === null ? {} : { steps }),
    attemptedAt: typeof attemptedAt === 'string' ? attemptedAt : null,
    ...(typeof fields.refusedAt === 'string' ? { refusedAt: fields.refusedAt } : {}),
    ...(typeof fields.dialect === 'string' ? { dialect: fields.dialect } : {}),
    ...(fields.isPartlyApplied === true ? { isPartlyApplied: true } : {}),
    ...(fields.isAcknowledged === true ? { isAcknowledged: true } : {}),
    ...(isCommitId(fields.historyHead) ? { historyHead: fields.historyHead } : {}),
  }
}

function parseCounts(value: unknown): OperationCounts | null {
  const { created, updated, deleted, moved } = asFields(value) ?? {}
  const isComplete = isWhole(created) && isWhole(updated) && isWhole(deleted) && isWhole(moved)
  return isComplete ? { created, updated, deleted, moved } : null
}

function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
