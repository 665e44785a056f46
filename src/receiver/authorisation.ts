import { createHash, timingSafeEqual } from 'node:crypto'
import { isIPv4 } from 'node:net'
import { DeltaError } from '../support/errors.js'
import { HttpRefusal } from './refusals.js'

export interface Address {
  readonly host: string
  readonly token: string | null
}

/** `[::1]` is how an address writes `::1`. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || (isIPv4(host) && host.startsWith('127.'))
}

/** Whoever reaches the receiver can read and write source code, so a network sees it only behind a token. */
export function checkAddress({ host, token }: Address): void {
  if (token === '') {
    throw new DeltaError('configuration-invalid', 'The token of the receiver is empty.', {
      next: 'Write a secret into the token file, for example with: openssl rand -hex 32',
    })
  }
  if (token !== null || isLoopback(host)) return
  throw new DeltaError('configuration-invalid', `Without a token the receiver does not listen on ${host}.`, {
    facts: { host },
    next: 'Give a token with --token-file, or listen on 127.0.0.1.',
  })
}

export interface RequestHeaders {
  readonly host?: string | undefined
  readonly origin?: string | undefined
  readonly authorization?: string | undefined
}

const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i

/**
 * A page in somebody's browser must not reach a receiver on that machine: neither through a name that it points at
 * 127.0.0.1 (the Host header tells), nor by posting a form (the Origin header tells) (faults.md row 98).
 */
export function checkBrowser(headers: RequestHeaders, boundTo: string): void {
  const host = headers.host ?? ''
  if (isLoopback(boundTo) && !LOOPBACK_HOST.test(host)) {
    throw new HttpRefusal(403, 'FORBIDDEN', 'This receiver answers to localhost only.')
  }
  if (headers.origin === undefined) return
  const origin = hostOf(headers.origin)
  if (origin === null || origin !== hostOf(`http://${host}`)) {
    throw new HttpRefusal(403, 'FORBIDDEN', 'Pages of other origins have no access.')
  }
}

function hostOf(url: string): string | null {
  return URL.canParse(url) ? new URL(url).host : null
}

/** Both sides are hashed first, so the comparison takes the same time whatever was sent. */
export function checkToken(headers: RequestHeaders, token: string | null): void {
  if (token === null) return
  const given = /^bearer +(.*)$/is.exec(headers.authorization ?? '')?.[1] ?? ''
  if (timingSafeEqual(digest(given), digest(token))) return
  throw new DeltaError('not-authorised', 'A valid token is required.')
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
