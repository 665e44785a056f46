import type { ServerResponse } from 'node:http'
import type { Counts } from './apply.js'

export type Json = Readonly<Record<string, unknown>>
export interface Answer {
  readonly status: number
  readonly body: Json
}

const NOTHING = {
  success: false,
  bundle_id: null,
  sequence_number: null,
  processed_operations: null,
  processing_time_ms: null,
  next_sequence: null,
  error: null,
}
export const NOT_FOUND: Answer = { status: 404, body: { detail: 'Not Found' } }

export function ok(body: Json): Answer {
  return { status: 200, body }
}

export function refused(status: number, detail: unknown): Answer {
  return { status, body: { detail } }
}

/** Most failures are a 200 (§1). */
export function failure(code: string, words: Json): Answer {
  return ok({ ...NOTHING, error: { code, message: code, ...words } })
}

export function mismatch(expected: number, received: number): Answer {
  const numbers = { expected_sequence: expected, received_sequence: received, retry_after: 5000 }
  return failure('SEQUENCE_MISMATCH', { message: `Expected sequence ${expected}, got ${received}`, ...numbers })
}

/** `next_sequence` is null where the number is 0 (§1). */
export function accepted(bundleId: string, number: number, counts: Counts | null): Answer {
  const next_sequence = number === 0 ? null : number + 1
  return ok({
    ...NOTHING,
    success: true,
    bundle_id: bundleId,
    sequence_number: number,
    next_sequence,
    processed_operations: counts,
  })
}

export function sendPage(response: ServerResponse): void {
  response.writeHead(502, { 'content-type': 'text/html' })
  response.end('<html><body><h1>502 Bad Gateway</h1></body></html>')
}
