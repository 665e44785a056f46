import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { SecureContextOptions } from 'node:tls'
import { promisify } from 'node:util'
import { afterEach } from '@jest/globals'
import { temporaryDirectory } from './workspace.js'

/** A certificate and its key, as PEM files. */
export interface Certificate {
  readonly certificate: string
  readonly key: string
}

/** An authority of this test alone. */
export interface Authority extends Certificate {
  /** Valid for so many days; fewer than 0: it has expired. */
  issue(host: string, days?: number): Promise<Certificate>
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

async function openssl(...args: string[]): Promise<void> {
  await promisify(execFile)('openssl', args)
}

export async function authority(): Promise<Authority> {
  const ca = await selfSigned('authority', 'basicConstraints=critical,CA:TRUE')
  return {
    ...ca,
    async issue(host, days = 1) {
      const folder = await temporaryDirectory()
      const [key, request, certificate, extensions] = ['key', 'request', 'pem', 'extensions'].map((name) =>
        join(folder, name),
      )
      if (key === undefined || request === undefined || certificate === undefined || extensions === undefined)
        throw new Error()
      await writeFile(extensions, `subjectAltName=DNS:${host}\n`)
      await openssl('req', ...NEW_KEY, '-keyout', key, '-out', request, '-subj', `/CN=${host}`)
      const signing = ['-CA', ca.certificate, '-CAkey', ca.key, '-CAcreateserial', '-days', String(days)]
      await openssl('x509', '-req', '-in', request, ...signing, '-extfile', extensions, '-out', certificate)
      return { certificate, key }
    },
  }
}

export async function selfSigned(host: string, extension = `subjectAltName=DNS:${host}`): Promise<Certificate> {
  const folder = await temporaryDirectory()
  const [certificate, key] = [join(folder, 'pem'), join(folder, 'key')]
  const names = ['-keyout', key, '-out', certificate, '-subj', `/CN=${host}`, '-days', '1', '-addext', extension]
  await openssl('req', '-x509', ...NEW_KEY, ...names)
  return { certificate, key }
}

export async function pemOf({ certificate, key }: Certificate): Promise<SecureContextOptions> {
  return { cert: await readFile(certificate), key: await readFile(key) }
}

const running: Server[] = []

afterEach(async () => {
  for (const server of running.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

export interface SecureServer {
  readonly port: number
  /** The tokens that came with requests, and the names on the certificates of those who asked. */
  readonly seen: { readonly token: string | undefined; readonly name: string | undefined }[]
}

/** A server that answers `{}` to everything, behind TLS; with `clients`, only to those that this authority vouches for. */
export async function secureServer(own: Certificate, clients: Authority | null = null): Promise<SecureServer> {
  const seen: { token: string | undefined; name: string | undefined }[] = []
  const mutual = clients === null ? {} : { requestCert: true, ca: await readFile(clients.certificate) }
  const server = createServer({ ...(await pemOf(own)), ...mutual }, ({ headers, socket }, response) => {
    const name = 'getPeerCertificate' in socket ? Object(socket).getPeerCertificate().subject?.CN : undefined
    seen.push({ token: headers.authorization, name })
    response.end('{}')
  })
  server.on('tlsClientError', () => undefined)
  running.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as AddressInfo).port, seen }
}
