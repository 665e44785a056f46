import { readFile } from 'node:fs/promises'
import { createSecureContext, rootCertificates } from 'node:tls'
import type { Config } from './config/config.js'
import type { CertificateFiles, TokenSource } from './config/credentials.js'
import { tokenFromCommand } from './config/token-command.js'
import { type Connection, directConnection, proxiedConnection, type TlsMaterial } from './delivery/connection.js'
import type { HttpOptions } from './delivery/http-exchange.js'
import { proxyFor } from './delivery/proxy-settings.js'
import { isLoopback } from './receiver/authorisation.js'
import { DeltaError, systemErrorCode } from './support/errors.js'
import { VERSION } from './support/version.js'

/** How a server is reached, and what is shown to it. */
export interface Access extends HttpOptions {
  readonly connection: Connection
  /** What the `session` field carries: a login, or else the token. */
  readonly session: string | null
}

/** Everything that decides how a server is reached. */
export type AccessSettings = Pick<Config, 'credentials' | 'allowInsecureHttp' | 'caFile' | 'timeoutSeconds'>

/**
 * Gets ready to talk to an endpoint: the token of a command is asked for, files are read, the proxy is found. Throws
 * `configuration-invalid`, also where a credential would travel where anybody can read it, or `not-authorised`.
 */
export async function accessTo(
  endpoint: string,
  settings: AccessSettings,
  environment: NodeJS.ProcessEnv,
): Promise<Access> {
  const { credentials, timeoutSeconds } = settings
  if (credentials.token !== null || credentials.session !== null) refuseOpenTravel(endpoint, settings)
  const connection = await connectionTo(endpoint, settings, environment)
  const token = credentials.token === null ? null : await tokenFrom(credentials.token)
  return {
    token,
    session: credentials.session?.id ?? token,
    connection,
    idleTimeout: timeoutSeconds * 1000,
    userAgent: `ce-delta/${VERSION}`,
  }
}

/** A credential over plain HTTP can be read by everybody on the way (faults.md row 74). */
export function refuseOpenTravel(endpoint: string, settings: Pick<Config, 'allowInsecureHttp'>): void {
  const { protocol, hostname, origin } = new URL(endpoint)
  if (protocol === 'https:' || isLoopback(hostname) || settings.allowInsecureHttp) return
  throw new DeltaError(
    'configuration-invalid',
    `The credential for ${origin} would travel in the open, over http://.`,
    {
      facts: { origin },
      next: 'Use https://. If everybody on the way may read it, say so with --allow-insecure-http.',
    },
  )
}

async function connectionTo(
  endpoint: string,
  { credentials, caFile }: AccessSettings,
  environment: NodeJS.ProcessEnv,
): Promise<Connection> {
  const proxy = proxyFor(endpoint, environment)
  const isTls = endpoint.startsWith('https:') || proxy?.address.startsWith('https:') === true
  const tls = isTls ? await tlsMaterial(caFile, credentials.certificate, environment) : {}
  return proxy === null ? directConnection(endpoint, tls) : await proxiedConnection(endpoint, proxy, tls)
}

async function tlsMaterial(
  caFile: string | null,
  certificate: CertificateFiles | null,
  environment: NodeJS.ProcessEnv,
): Promise<TlsMaterial> {
  const authorities = caFile === null ? {} : { ca: await authoritiesWith(caFile, environment) }
  const own =
    certificate === null ? {} : { cert: await readPem(certificate.certificate), key: await readPem(certificate.key) }
  try {
    createSecureContext({ ...own, ...authorities })
  } catch (thrown) {
    throw unusable('The certificates of the configuration do not work', thrown)
  }
  return { ...authorities, ...own }
}

/** To name some means that no others count, so the usual ones are named as well, and those that Node was told of. */
async function authoritiesWith(caFile: string, environment: NodeJS.ProcessEnv): Promise<string[]> {
  const { NODE_EXTRA_CA_CERTS: known } = environment
  return [...rootCertificates, await readPem(caFile), ...(known ? [await readPem(known)] : [])]
}

async function readPem(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (thrown) {
    throw unusable(`${file} cannot be read`, thrown)
  }
}

function unusable(message: string, cause: unknown): DeltaError {
  const code = systemErrorCode(cause) ?? 'not readable'
  return new DeltaError('configuration-invalid', `${message} (${code}).`, {
    facts: { reason: code },
    next: 'Look at CE_DELTA_CA_FILE, CE_DELTA_CLIENT_CERT and CE_DELTA_CLIENT_KEY; they name PEM files.',
    cause,
  })
}

async function tokenFrom(source: TokenSource): Promise<string> {
  const token = source.kind === 'text' ? source.text : await tokenFromCommand(source.command, source.source)
  // A header can carry nothing else; what is wrong with it must not be told by showing it.
  if (/^[\x21-\x7e]+$/.test(token)) return token
  throw new DeltaError('configuration-invalid', `The token of ${source.source} has characters that no token has.`, {
    facts: { source: source.source },
    next: 'It is one word of plain letters, digits and signs.',
  })
}
