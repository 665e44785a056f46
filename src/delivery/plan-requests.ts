import { Readable } from 'node:stream'
import { countOperations, type Operation } from '../delta/operation.js'
import { DeltaError } from '../support/errors.js'
import { asFields, parseJson } from '../support/json.js'
import { parseUploadAnswer } from './http-answers.js'
import type { HttpAnswer } from './http-exchange.js'
import type { PlainOperation, Upload, UploadResult } from './receiver.js'

/** Sends JSON to a path below the endpoint. */
export type PostJson = (path: string, body: object, signal: AbortSignal) => Promise<HttpAnswer>

/** Which workspace it is, and who asks: `workspace_path` and what else a server is told (protocol.md §1). */
export type FormFields = Readonly<Record<string, string>> & { readonly workspace_path: string }

export const PLAN_PATH = '/api/v1/delta/plan'
export const APPLY_PATH = '/api/v1/delta/apply_ops'

/** A file that a server is asked about: whether it has these very bytes. */
export interface PlannedFile {
  readonly path: string
  /** `sha1:` and the SHA-1 of the bytes. */
  readonly contentHash: string
}

/**
 * Asks which of these files a server lacks (protocol.md §1, plan). Read-only there. Null where it does not say, or not of
 * exactly these files, so that one it lacks may be missing from the answer: then all of them have to be sent.
 */
export async function askLacking(
  post: PostJson,
  identity: FormFields,
  files: readonly PlannedFile[],
  signal: AbortSignal,
): Promise<ReadonlySet<string> | null> {
  const operations = files.map(({ path, contentHash }) => ({ operation: 'created', path, content_hash: contentHash }))
  const file_hashes = Object.fromEntries(files.map(({ path, contentHash }) => [path, contentHash]))
  const answer = await post(PLAN_PATH, { ...identity, manifest: {}, operations, file_hashes }, signal)
  const fields = answer.status === 200 ? asFields(parseJson(answer.text)) : null
  const needed = asFields(fields?.needed_files)?.created
  if (fields?.success !== true || !Array.isArray(needed)) return null
  const lacking = new Set(needed.filter((path) => typeof path === 'string'))
  const known = asFields(fields.operation_counts_preview)?.skipped_hash_match ?? files.length - lacking.size
  const asked = files.filter(({ path }) => lacking.has(path)).length
  return asked === needed.length && known === files.length - asked ? lacking : null
}

/**
 * Has deletions and moves carried out without a bundle (protocol.md §1, apply_ops). Null where the server does not
 * offer it, and nothing was done.
 */
export async function applyPlain(
  post: PostJson,
  identity: FormFields,
  upload: Upload,
  operations: readonly PlainOperation[],
  signal: AbortSignal,
): Promise<UploadResult | null> {
  const { bundleId, sequence } = upload
  const { workspace_path } = identity
  const created_at = new Date().toISOString()
  const manifest = { version: '1.0', created_at, bundle_id: bundleId, workspace_path, sequence_number: sequence }
  const records = operations.map(({ kind, path, source }) => {
    return { operation: kind, path, ...(source === undefined ? {} : { source_path: source }) }
  })
  const body = { ...identity, manifest, operations: records, file_hashes: {} }
  const answer = await post(APPLY_PATH, body, signal)
  if (answer.status === 404 || answer.status === 405) return null
  try {
    return parseUploadAnswer(answer, { ...upload, steps: countOperations(operations) })
  } catch (thrown) {
    if (!(thrown instanceof DeltaError) || thrown.code !== 'answer-malformed') throw thrown
    throw new DeltaError('not-confirmed', thrown.message, { facts: thrown.facts, cause: thrown })
  }
}

/** The operations, where all of them are deletions and moves; else undefined. */
export function plainOperations(operations: readonly Operation[]): readonly PlainOperation[] | undefined {
  const plain: PlainOperation[] = []
  for (const operation of operations) {
    if (operation.kind === 'deleted') plain.push({ kind: 'deleted', path: operation.path })
    else if (operation.kind === 'moved') plain.push({ kind: 'moved', path: operation.path, source: operation.source })
    else return undefined
  }
  return plain
}

export function jsonBody(body: object): { headers: Readonly<Record<string, string>>; body: () => Readable } {
  const bytes = Buffer.from(JSON.stringify(body))
  return {
    headers: { 'content-type': 'application/json', 'content-length': String(bytes.length) },
    body: () => Readable.from([bytes], { objectMode: false }),
  }
}
