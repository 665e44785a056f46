import { AbortError, FetchError } from 'node-fetch'
import { DeltaError, systemErrorCode } from '../support/errors.js'
import type { Stagnation } from './progress-watch.js'

/** Where an exchange was going. */
export interface Way {
  readonly url: string
  /** null: straight there. */
  readonly proxy: string | null
}

/** A failure of the network in words; anything else as it was thrown. */
export function networkFailure(thrown: unknown, way: Way): unknown {
  const code = systemErrorCode(thrown)
  if (!(thrown instanceof FetchError) && !(thrown instanceof AbortError) && code === undefined) return thrown
  const [, refused] = /^PROXY_(\d+)$/.exec(code ?? '') ?? []
  if (refused !== undefined) return proxyRefusal(way, Number(refused))
  if (code !== undefined && CERTIFICATE.test(code)) return untrusted(way, code, thrown)
  const reason = code ?? 'connection failed'
  return unreachable(`${describe(way)} cannot be reached (${REASONS.get(reason) ?? reason}).`, way, reason, thrown)
}

/** The other end is there, and nothing comes of it. */
export function stagnation(way: Way, { reason, milliseconds }: Stagnation, cause: unknown): DeltaError {
  const what = reason === 'idle timeout' ? 'nothing moved for' : 'next to nothing moved in'
  const seconds = Math.round(milliseconds / 100) / 10
  return unreachable(`${describe(way)} did not answer: ${what} ${seconds} s.`, way, reason, cause)
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'nothing listens there'],
  ['ENOTFOUND', 'the host name is unknown'],
  ['EAI_AGAIN', 'the host name cannot be looked up'],
  ['ECONNRESET', 'the connection was cut'],
  ['EPIPE', 'the connection was cut'],
  ['ETIMEDOUT', 'the connection timed out'],
  ['EHOSTUNREACH', 'no route to the host'],
  ['ENETUNREACH', 'no route to the network'],
  ['ERR_STREAM_PREMATURE_CLOSE', 'the connection was cut'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'it does not speak TLS; is it an http:// address?'],
  ['ERR_SSL_PACKET_LENGTH_TOO_LONG', 'it does not speak TLS; is it an http:// address?'],
])

/** Codes of OpenSSL for a certificate that is refused, on our side or, as an alert, on the other. */
const CERTIFICATE =
  /^(CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|INVALID_|HOSTNAME_MISMATCH|PATH_LENGTH_|ERR_TLS_CERT_|ERR_SSL_\w*ALERT_(HANDSHAKE_FAILURE|UNKNOWN_CA|\w*CERTIFICATE))/

const CERTIFICATE_REASONS: ReadonlyMap<string, string> = new Map([
  ['CERT_HAS_EXPIRED', 'it has expired'],
  ['CERT_NOT_YET_VALID', 'it is not valid yet'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'it belongs to another host'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'it is signed by itself'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'its authority is not known here'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'its authority is not known here'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'its authority is not known here'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'its authority is not known here'],
])

/** The handshake did not end, so the endpoint got nothing (faults.md row 73). */
function untrusted(way: Way, code: string, cause: unknown): DeltaError {
  const facts = { url: way.url, reason: code }
  if (code.startsWith('ERR_SSL_')) {
    return new DeltaError('connection-blocked', `${describe(way)} refused the connection (${code}).`, {
      facts,
      next: 'If it wants a client certificate, set CE_DELTA_CLIENT_CERT and CE_DELTA_CLIENT_KEY (docs/configuration.md).',
      cause,
    })
  }
  const ignored = process.env.NODE_TLS_REJECT_UNAUTHORIZED === '0' ? 'NODE_TLS_REJECT_UNAUTHORIZED=0 is ignored. ' : ''
  const reason = CERTIFICATE_REASONS.get(code) ?? code
  return new DeltaError('connection-blocked', `The certificate of ${describe(way)} is refused: ${reason}.`, {
    facts,
    next: `${ignored}If you trust its authority, name it in CE_DELTA_CA_FILE. Nothing was sent.`,
    cause,
  })
}

/** What a proxy answers in place of the endpoint (faults.md row 75). */
export function proxyRefusal({ url, proxy }: Way, status: number): DeltaError {
  const name = proxy === null ? 'A proxy' : `The proxy ${proxy}`
  const { origin } = new URL(url)
  const facts = { url, proxy, status }
  if (status === 407) {
    return new DeltaError('connection-blocked', `${name} does not accept the credentials for it, or wants some.`, {
      facts,
      next: 'Put them into HTTPS_PROXY or HTTP_PROXY: http://name:password@host:port, with special characters as %41.',
    })
  }
  const code = status >= 500 ? 'receiver-unreachable' : 'connection-blocked'
  return new DeltaError(code, `${name} does not connect to ${origin} (HTTP ${status}).`, {
    facts,
    next: 'If no proxy is needed for it, name its host in NO_PROXY.',
  })
}

function describe({ url, proxy }: Way): string {
  const { origin } = new URL(url)
  return proxy === null ? origin : `${origin} (through the proxy ${proxy})`
}

function unreachable(message: string, { url }: Way, reason: string, cause: unknown): DeltaError {
  return new DeltaError('receiver-unreachable', message, {
    facts: { url, reason },
    cause,
  })
}
