import { asDeltaError, DeltaError, httpStatusOf } from '../support/errors.js'
import { printable } from '../support/text.js'
import type { UploadAnswer, UploadError } from './wire.js'

/** What is wrong with a request itself, before the engine has a say. */
export class HttpRefusal extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.name = 'HttpRefusal'
    this.status = status
    this.code = code
  }
}

export function badRequest(message: string, status = 400): HttpRefusal {
  return new HttpRefusal(status, 'BAD_REQUEST', message)
}

/** Why a request is not answered as asked, ready for the wire. */
export interface Refusal {
  readonly status: number
  readonly error: UploadError
  /** What only the operator may read; null where the client is to blame. */
  readonly inner: string | null
}

/** Milliseconds after which a client may try again. */
const RETRY_AFTER = 5000

/** The one translation of whatever was thrown into an answer. Nothing of an inner failure travels to the client. */
export function refusalOf(thrown: unknown): Refusal {
  if (thrown instanceof HttpRefusal) {
    const again = thrown.code === 'BUSY' ? { retry_after: RETRY_AFTER } : {}
    return refusal(thrown.status, { code: thrown.code, message: printable(thrown.message), ...again })
  }
  const status = clientErrorStatus(thrown)
  if (status !== null && thrown instanceof Error) {
    return refusal(status, { code: 'BAD_REQUEST', message: printable(thrown.message) })
  }
  return refusalOfEngine(asDeltaError(thrown))
}

function refusalOfEngine(thrown: DeltaError): Refusal {
  const message = printable(thrown.message)
  switch (thrown.code) {
    case 'conflict':
      // Real servers answer this with 200 (protocol.md §1), and so do all clients expect it.
      return refusal(200, { code: 'SEQUENCE_MISMATCH', message, ...sequenceFacts(thrown), retry_after: RETRY_AFTER })
    case 'proof-failed':
      return refusal(409, { code: 'TREE_MISMATCH', message })
    case 'bundle-refused':
      return refusal(httpStatusOf(thrown.code), { code: 'BUNDLE_REFUSED', message })
    case 'bundle-too-large':
      return refusal(httpStatusOf(thrown.code), { code: 'BUNDLE_TOO_LARGE', message })
    case 'not-authorised':
      return refusal(httpStatusOf(thrown.code), { code: 'NOT_AUTHORISED', message })
    case 'receiver-busy':
      return refusal(httpStatusOf(thrown.code), { code: 'BUSY', message, retry_after: RETRY_AFTER })
    case 'disk-failed':
      return { ...internal(httpStatusOf(thrown.code), 'The receiver cannot write to its disk.'), inner: message }
    default:
      return { ...internal(500, 'The receiver failed; its log says why.'), inner: message }
  }
}

function refusal(status: number, error: UploadError): Refusal {
  return { status, error, inner: null }
}

function internal(status: number, message: string): Refusal {
  return refusal(status, { code: 'INTERNAL_ERROR', message })
}

function sequenceFacts({ facts }: DeltaError): { expected_sequence?: number; received_sequence?: number } {
  return {
    ...(typeof facts.expected === 'number' ? { expected_sequence: facts.expected } : {}),
    ...(typeof facts.received === 'number' ? { received_sequence: facts.received } : {}),
  }
}

/** The status of an error that the HTTP library blames on the client, or null. */
function clientErrorStatus(thrown: unknown): number | null {
  if (!(thrown instanceof Error) || thrown instanceof DeltaError || !('statusCode' in thrown)) return null
  const { statusCode } = thrown
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500 ? statusCode : null
}

/** An upload that changed nothing, with all the keys of an answer. */
export function failedUpload(error: UploadError): UploadAnswer {
  return {
    success: false,
    bundle_id: null,
    sequence_number: null,
    processed_operations: null,
    processing_time_ms: null,
    next_sequence: null,
    error,
    tree: null,
    mirror: null,
    replayed: false,
  }
}
