import { DeltaError } from '../support/errors.js'
import { asFields } from '../support/json.js'
import { printable } from '../support/text.js'
import type { HttpAnswer } from './http-exchange.js'

export type Fields = Readonly<Record<string, unknown>>

/** Failures that the HTTP status tells, in either of the shapes that servers and proxies use. */
export function refuseFailure(answer: HttpAnswer, fields: Fields): void {
  const { status } = answer
  if (status >= 200 && status < 300) return
  const words = complaint(answer, fields)
  const facts = {
    url: answer.url,
    status,
    ...(answer.retryAfter === null ? {} : { retry_after_ms: answer.retryAfter }),
  }
  if (status === 401) {
    throw new DeltaError('not-authorised', `The receiver does not know who asks: ${words}`, {
      facts,
      next: 'Log in: ce-delta login. Where it wants a token instead, set CE_DELTA_TOKEN together with CE_DELTA_ENDPOINT.',
    })
  }
  if (status === 403) {
    throw new DeltaError('not-authorised', `The receiver does not allow this: ${words}`, {
      facts,
      next: 'Ask its administrator for write access to the collection; ce-delta whoami says who you are there.',
    })
  }
  if (status === 413)
    throw new DeltaError('bundle-too-large', `The bundle is too large for the receiver: ${words}`, { facts })
  if (status === 429 || status === 503)
    throw new DeltaError('receiver-busy', `The receiver is busy: ${words}`, { facts, next: PATIENCE })
  if (status === 408 || status >= 500)
    throw new DeltaError('receiver-unreachable', `The receiver failed: ${words}`, { facts, next: PATIENCE })
  throw new DeltaError('bundle-refused', `The receiver refused the request (HTTP ${status}): ${words}`, {
    facts,
    next: 'Check that the endpoint is a delta upload server. The next push sends what is there by then.',
  })
}

export const PATIENCE = 'Nothing was lost; try again later.'

/** What the other end says is wrong, in whichever place it says so; fit to be shown. */
export function complaint(answer: HttpAnswer, fields: Fields): string {
  const error = asFields(fields.error)
  const words = textOrNull(error?.message) ?? textOrNull(fields.detail) ?? textOrNull(fields.message) ?? answer.text
  return printable(words.trim().slice(0, 300)) || `HTTP ${answer.status}`
}

export function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
