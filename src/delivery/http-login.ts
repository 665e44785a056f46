import { STATUS_PATH } from '../receiver/wire.js'
import { DeltaError } from '../support/errors.js'
import { asFields, parseJson } from '../support/json.js'
import { printable } from '../support/text.js'
import { exchange, type HttpAnswer, type HttpOptions } from './http-exchange.js'
import { jsonBody, PLAN_PATH } from './plan-requests.js'

/** What is shown to get a session. */
export type LoginSecret =
  | { readonly kind: 'password'; readonly user: string; readonly password: string }
  /** A token that everybody shares; `user` is what the server will know us by. */
  | { readonly kind: 'token'; readonly user: string; readonly token: string }

/** What a login gives. */
export interface NewSession {
  readonly id: string
  readonly userId: string | null
  /** Seconds since 1970; null: never. */
  readonly expiresAt: number | null
}

/**
 * What a server says of a session, without an effect there: it knows it; it does not; it knows it, and its user may not
 * write to the collection; it asks for none; it cannot be asked.
 */
export type Verdict = 'accepted' | 'unknown' | 'may not write' | 'not needed' | 'not told'

const LONGEST_ANSWER = 1 << 20

/** Whether a server asks for a login; null where it knows of none (protocol.md §1). */
export async function asksForLogin(
  endpoint: string,
  options: HttpOptions,
  signal: AbortSignal,
): Promise<boolean | null> {
  const url = `${endpoint}/auth/status`
  const answer = await exchange({ method: 'GET', url, longestAnswer: LONGEST_ANSWER }, options, signal)
  const enabled = answer.status === 200 ? asFields(parseJson(answer.text))?.enabled : null
  return typeof enabled === 'boolean' ? enabled : null
}

/** Logs in (protocol.md §1). Throws `not-authorised` where the server refuses, `answer-malformed`, or as {@link exchange} does. */
export async function logInAt(
  endpoint: string,
  secret: LoginSecret,
  options: HttpOptions,
  signal: AbortSignal,
): Promise<NewSession> {
  const [path, body] =
    secret.kind === 'password'
      ? ['/auth/login/password', { username: secret.user, password: secret.password }]
      : ['/auth/login', { client: secret.user, token: secret.token }]
  const answer = await post(`${endpoint}${path}`, body, options, signal)
  const fields = asFields(parseJson(answer.text)) ?? {}
  if (answer.status !== 200) throw refusal(answer, fields)
  const { session_id: id, user_id: userId, expires_at: expiresAt } = fields
  if (typeof id !== 'string' || id === '') {
    throw new DeltaError('answer-malformed', `${answer.url} answers without a session.`, {
      facts: { url: answer.url },
      next: 'Check that the endpoint is a Context-Engine server, and that no login page stands in between.',
    })
  }
  return {
    id,
    userId: typeof userId === 'string' ? userId : null,
    expiresAt: typeof expiresAt === 'number' && expiresAt > 0 ? expiresAt : null,
  }
}

/** Asks what a session is worth: by the address for that where there is one, else by a plan, which changes nothing. */
export async function judgeSession(
  endpoint: string,
  session: string,
  workspacePath: string,
  options: HttpOptions,
  signal: AbortSignal,
): Promise<Verdict> {
  const asks = await asksForLogin(endpoint, options, signal)
  if (asks === false) return 'not needed'
  if (asks === null) return await judgeByStatus(endpoint, workspacePath, options, signal)
  const validated = await post(`${endpoint}/auth/validate`, { session_id: session }, options, signal)
  const valid = validated.status === 200 ? asFields(parseJson(validated.text))?.valid : null
  if (valid === false) return 'unknown'
  const nothing = { workspace_path: workspacePath, manifest: {}, operations: [], file_hashes: {}, session }
  const { status } = await post(`${endpoint}${PLAN_PATH}`, nothing, options, signal)
  if (status === 401) return 'unknown'
  if (status === 403) return 'may not write'
  return status === 200 || valid === true ? 'accepted' : 'not told'
}

/** A server without logins may look at the token of every request. */
async function judgeByStatus(
  endpoint: string,
  workspacePath: string,
  options: HttpOptions,
  signal: AbortSignal,
): Promise<Verdict> {
  const url = `${endpoint}${STATUS_PATH}?workspace_path=${encodeURIComponent(workspacePath)}`
  const { status } = await exchange({ method: 'GET', url, longestAnswer: LONGEST_ANSWER }, options, signal)
  if (status === 401) return 'unknown'
  return status === 403 ? 'may not write' : 'not told'
}

async function post(url: string, body: object, options: HttpOptions, signal: AbortSignal): Promise<HttpAnswer> {
  return await exchange({ method: 'POST', url, longestAnswer: LONGEST_ANSWER, ...jsonBody(body) }, options, signal)
}

function refusal({ url, status }: HttpAnswer, { detail }: Readonly<Record<string, unknown>>): DeltaError {
  const words = typeof detail === 'string' ? printable(detail.slice(0, 300)) : `HTTP ${status}`
  const facts = { url, status }
  if (status === 404) {
    return new DeltaError('not-authorised', `This server does not log anybody in: ${words}`, {
      facts,
      next: 'Where no login is needed, just push. Where a token is, set CE_DELTA_TOKEN.',
    })
  }
  if (status >= 500) {
    return new DeltaError('receiver-unreachable', `The server failed to log in: ${words}`, {
      facts,
      next: 'Try again; the log of the server may tell more.',
    })
  }
  return new DeltaError('not-authorised', `The login was refused: ${words}`, {
    facts,
    next: 'Check the user, and the password or token, and run ce-delta login again.',
  })
}
