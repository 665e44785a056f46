import { DeltaError } from '../support/errors.js'
import { isObjectId } from '../support/git.js'
import type { TreeFile } from '../support/git-objects.js'
import { asFields, parseJson } from '../support/json.js'
import { pathProblem } from '../support/paths.js'
import { printable } from '../support/text.js'
import type { ShownByStatus } from './dialects/recognise.js'
import type { HttpAnswer } from './http-exchange.js'
import { complaint, type Fields, PATIENCE, refuseFailure, textOrNull } from './http-refusals.js'
import { parseProcessed, unapplied } from './processed.js'
import type { ReceiverStatus, Upload, UploadResult, UploadState } from './receiver.js'

/** A status as it was told, before it is known what kind of server told it. */
export interface ToldStatus extends Omit<ReceiverStatus, 'dialect' | 'hasSeveralCounters'> {
  readonly shown: ShownByStatus
}

/** Reads the answer to a status request. What is not exactly as specified is `answer-malformed` (faults.md rows 66, 84). */
export function parseStatus(answer: HttpAnswer): ToldStatus {
  const fields = fieldsOf(answer)
  refuseFailure(answer, fields)
  const server = asFields(fields.server_info)
  const abilities = Array.isArray(server?.abilities) ? server.abilities : []
  const megabytes = server?.max_bundle_size_mb
  const lastUploadState = uploadState(server)
  // A server that tells this counts as deleted what was not there, so whatever else it skipped is not done.
  const { failed = 0, skipped = 0, hashMatches = 0 } = lastUploadState?.processed ?? {}
  const isDone = lastUploadState?.state === 'completed' && failed === 0 && skipped <= hashMatches
  const lastCompleted = isDone ? lastUploadState.bundleId : null
  return {
    sequence: wholeNumber(answer, fields, 'last_sequence'),
    tree: isObjectId(fields.tree) ? fields.tree : null,
    lastBundleId: textOrNull(fields.last_bundle_id) ?? lastCompleted,
    lastUpload: textOrNull(fields.last_upload),
    pendingOperations: typeof fields.pending_operations === 'number' ? fields.pending_operations : 0,
    isProcessing: fields.status === 'processing',
    maxBundleBytes: typeof megabytes === 'number' && megabytes > 0 ? Math.floor(megabytes * 1024 * 1024) : null,
    canListTree: abilities.includes('tree-listing'),
    movesWithoutContent: abilities.includes('moves-without-content'),
    takesUploadsEarly: abilities.includes('early-uploads'),
    mirror: textOrNull(fields.mirror),
    lastUploadState,
    shown: {
      isOwn: server?.name === 'ce-delta' || abilities.includes('proof-by-tree'),
      tellsUploads: lastUploadState !== undefined,
      fingerprint: [...Object.keys(fields), ...Object.keys(server ?? {}), String(server?.version)].sort().join(' '),
    },
  }
}

const STATES: Readonly<Record<string, UploadState['state']>> = {
  processing: 'processing',
  completed: 'completed',
  failed: 'failed',
  error: 'failed',
}

/** What became of the latest upload (protocol.md §1, A3). Undefined: this server does not tell. */
function uploadState(server: Fields | null): UploadState | null | undefined {
  if (server === null || !('last_bundle_id' in server)) return undefined
  const { last_bundle_id: bundleId, last_upload_status: state, last_error: error } = server
  if (typeof bundleId !== 'string') return null
  return {
    bundleId,
    state: STATES[String(state)] ?? 'processing',
    processed: parseProcessed(server.last_processed_operations),
    error: textOrNull(error),
  }
}

/**
 * Reads the answer to an upload. `success: true` counts only with our bundle and our sequence; most failures come as
 * HTTP 200 (protocol.md §1), and so do operations that came to nothing. An answer that counts none is only a word that the
 * bundle arrived (protocol.md §6).
 */
export function parseUploadAnswer(answer: HttpAnswer, upload: Upload): UploadResult {
  const fields = fieldsOf(answer)
  if (fields.success === false) return parseFailure(answer, fields)
  refuseFailure(answer, fields)
  if (fields.success !== true) throw malformed(answer, 'it does not say whether the upload succeeded')
  if (fields.bundle_id !== upload.bundleId) throw malformed(answer, 'it is about another bundle')
  const sequence = wholeNumber(answer, fields, 'sequence_number')
  if (upload.sequence !== null && sequence !== upload.sequence)
    throw malformed(answer, `it gave the bundle sequence ${sequence} instead of ${upload.sequence}`)
  const processed = parseProcessed(fields.processed_operations)
  if (processed === null) return { kind: 'queued', sequence }
  const failed = unapplied(processed, upload.steps)
  if (failed > 0) return { kind: 'partly applied', failed }
  const { created, updated, deleted, moved } = processed
  return {
    kind: 'applied',
    sequence,
    tree: isObjectId(fields.tree) ? fields.tree : null,
    operations: { created, updated, deleted, moved },
    mirror: textOrNull(fields.mirror),
  }
}

/** Reads the listing of a workspace: NDJSON, a line with the tree first. */
export function parseListing(answer: HttpAnswer): TreeFile[] {
  const [first, ...lines] = answer.text.trimEnd().split('\n')
  const head = asFields(parseJson(first ?? ''))
  if (head === null) throw malformed(answer, 'it is not a listing')
  refuseFailure(answer, head)
  const files = lines.map((line) => {
    const file = asFields(parseJson(line))
    if (typeof file?.path !== 'string' || pathProblem(file.path) !== null || !isObjectId(file.blob)) {
      throw malformed(answer, 'a line of the listing makes no sense')
    }
    return { path: file.path, blob: file.blob }
  })
  if (head.files !== files.length) throw malformed(answer, 'the listing is not complete')
  return files
}

function fieldsOf(answer: HttpAnswer): Fields {
  const fields = asFields(parseJson(answer.text))
  if (fields !== null) return fields
  refuseFailure(answer, {})
  throw malformed(answer, 'it is not a JSON object')
}

function parseFailure(answer: HttpAnswer, fields: Fields): UploadResult {
  const error = asFields(fields.error)
  const code = textOrNull(error?.code) ?? 'unknown'
  if (code === 'SEQUENCE_MISMATCH') {
    const expected = error?.expected_sequence
    return { kind: 'sequence mismatch', expected: typeof expected === 'number' ? expected : null }
  }
  if (code === 'TREE_MISMATCH') return { kind: 'tree mismatch' }
  const failed = error?.failed_count
  if (code === 'APPLY_OPS_PARTIAL_FAILURE')
    return { kind: 'partly applied', failed: typeof failed === 'number' ? failed : 1 }
  if (code === 'BUNDLE_APPLY_FAILED') {
    throw new DeltaError('not-confirmed', `The receiver could not apply the bundle: ${complaint(answer, fields)}`, {
      facts: { url: answer.url, code },
      next: PATIENCE,
    })
  }
  refuseFailure(answer, fields)
  throw new DeltaError('bundle-refused', `The receiver refused the bundle: ${complaint(answer, fields)}`, {
    facts: { url: answer.url, code: printable(code) },
    next: 'The receiver’s log may tell more. The next push sends what is there by then.',
  })
}

function wholeNumber(answer: HttpAnswer, fields: Fields, name: string): number {
  const value = fields[name]
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw malformed(answer, `${name} is not a whole number`)
}

function malformed(answer: HttpAnswer, problem: string): DeltaError {
  return new DeltaError('answer-malformed', `The answer of ${answer.url} makes no sense: ${problem}.`, {
    facts: { url: answer.url, status: answer.status, start: printable(answer.text.slice(0, 120)) },
    next: 'Check that the endpoint is a delta upload server and that no proxy or login page stands in between.',
  })
}
