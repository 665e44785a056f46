import { join } from 'node:path'
import { userDirectory } from '../snapshot/workspace.js'
import { readTextIfPresent } from '../support/durable-files.js'
import { DeltaError } from '../support/errors.js'
import { asFields, parseJson } from '../support/json.js'
import { readSession, type Session } from './session-file.js'

/** What proves who we are to one endpoint. */
export interface Credentials {
  /** Travels as `Authorization: Bearer`, and as the session where there is no other. */
  readonly token: TokenSource | null
  readonly session: Session | null
  readonly certificate: CertificateFiles | null
}

/** A token, or a command that prints it; and where that was found, for people: a variable or a file. */
export type TokenSource =
  | { readonly kind: 'text'; readonly text: string; readonly source: string }
  | { readonly kind: 'command'; readonly command: string; readonly source: string }

/** A client certificate and its key, as PEM files. */
export interface CertificateFiles {
  readonly certificate: string
  readonly key: string
}

export const NO_CREDENTIALS: Credentials = { token: null, session: null, certificate: null }

/** What the environment says of credentials and certificates. */
export interface EnvironmentCredentials {
  readonly token?: string
  readonly tokenCommand?: string
  readonly session?: string
  readonly clientCertificate?: string
  readonly clientKey?: string
  readonly caFile?: string
}

export interface CredentialRequest {
  readonly endpoint: string
  /** The endpoint as the user's own environment or command line names it; null where only a repository's file does. */
  readonly trustedEndpoint: string | null
  readonly fromEnvironment: EnvironmentCredentials
  readonly environment: NodeJS.ProcessEnv
}

/**
 * The credentials for an endpoint. A credential belongs to one origin (design.md §5): one in the environment goes only
 * where the environment or the command line points, so the configuration of a repository can never send it elsewhere;
 * `credentials.json` in the user's configuration folder and the file of logins name the origin of each.
 */
export async function credentialsFor(request: CredentialRequest): Promise<Credentials> {
  const { endpoint, trustedEndpoint, environment } = request
  const { origin } = new URL(endpoint)
  const isTrusted = trustedEndpoint !== null && new URL(trustedEndpoint).origin === origin
  const said = ofEnvironment(request.fromEnvironment, environment)
  const own = isTrusted ? said : NO_CREDENTIALS
  const kept = await keptFor(origin, environment)
  const found = {
    token: own.token ?? kept.token,
    session: own.session ?? (await readSession(endpoint, environment)),
    certificate: own.certificate ?? kept.certificate,
  }
  const unused = isTrusted ? null : (said.token?.source ?? said.session?.source ?? null)
  if (unused === null || found.token !== null || found.session !== null) return found
  throw new DeltaError('not-authorised', `${unused} is set, but only a file of the repository names ${origin}.`, {
    facts: { origin },
    next: `If it is meant for that server, set CE_DELTA_ENDPOINT=${endpoint} as well.`,
  })
}

function ofEnvironment(said: EnvironmentCredentials, environment: NodeJS.ProcessEnv): Credentials {
  const { token, tokenCommand, session, clientCertificate, clientKey } = said
  const source = SESSION_VARIABLES.find((name) => environment[name]?.trim() === session) ?? 'environment'
  return {
    token:
      token !== undefined
        ? { kind: 'text', text: token, source: 'CE_DELTA_TOKEN' }
        : tokenCommand !== undefined
          ? { kind: 'command', command: tokenCommand, source: 'CE_DELTA_TOKEN_COMMAND' }
          : null,
    session: session === undefined ? null : { id: session, source, userId: null, expiresAt: null },
    certificate:
      clientCertificate === undefined ? null : { certificate: clientCertificate, key: clientKey ?? clientCertificate },
  }
}

/** The first one that is set counts. */
export const SESSION_VARIABLES = ['CE_DELTA_SESSION_ID', 'CTXCE_UPLOAD_SESSION_ID', 'CTXCE_SESSION_ID'] as const

/** Who we are to a receiver, without what proves it. */
export interface Login {
  readonly kind: 'session' | 'token'
  /** null where it is not written down. */
  readonly user: string | null
  /** The name of a variable, or of a file. */
  readonly source: string
  /** As was said at the login; null: never, or not known. */
  readonly expires_at: string | null
}

/** The session, where there is one: servers that know it name its user. */
export function loginOf({ session, token }: Credentials): Login | null {
  if (session !== null) {
    const { userId, source, expiresAt } = session
    const expires_at = expiresAt === null ? null : new Date(expiresAt * 1000).toISOString()
    return { kind: 'session', user: userId, source, expires_at }
  }
  return token === null ? null : { kind: 'token', user: null, source: token.source, expires_at: null }
}

/** What `credentials.json` has for an origin: the token, or an object that says how to get it. */
async function keptFor(origin: string, environment: NodeJS.ProcessEnv): Promise<Omit<Credentials, 'session'>> {
  const source = credentialsFile(environment)
  const origins = asFields(parseJson((await readTextIfPresent(source)) ?? '{}'))
  if (origins === null) throw malformed(source)
  const entry = origins[origin]
  const fields = typeof entry === 'string' ? { token: entry } : asFields(entry ?? {})
  if (fields === null) throw malformed(source)
  const { token, command, certificate, key = certificate } = fields
  const given = [token, command, certificate, key]
  if (!given.every((value) => value === undefined || typeof value === 'string')) throw malformed(source)
  return {
    token: isText(token)
      ? { kind: 'text', text: token, source }
      : isText(command)
        ? { kind: 'command', command, source }
        : null,
    certificate: isText(certificate) && isText(key) ? { certificate, key } : null,
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function malformed(file: string): DeltaError {
  return new DeltaError('configuration-invalid', `${file} is not a JSON object of origins and tokens.`, {
    facts: { file },
    next: 'What it may hold is described in docs/configuration.md.',
  })
}

/** The tokens of this user, by origin. */
export function credentialsFile(environment: NodeJS.ProcessEnv): string {
  return join(userDirectory('config', environment), 'credentials.json')
}
