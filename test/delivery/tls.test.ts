import { createServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { type AccessSettings, accessTo } from '../../src/access.js'
import { NO_CREDENTIALS } from '../../src/config/credentials.js'
import { exchange } from '../../src/delivery/http-exchange.js'
import { asDeltaError } from '../../src/support/errors.js'
import { type Authority, authority, type Certificate, secureServer, selfSigned } from '../helpers/certificates.js'
import { listening } from '../helpers/scripted-server.js'
import { temporaryDirectory, writeTree } from '../helpers/workspace.js'

const never = new AbortController().signal
const TOKEN = { kind: 'text', text: 'canary-4411', source: 'CE_DELTA_TOKEN' } as const

let ours: Authority
beforeEach(async () => {
  ours = await authority()
})

interface Told {
  readonly port: number
  readonly caFile?: string | null
  readonly certificate?: Certificate | null
  readonly environment?: NodeJS.ProcessEnv
}

/** What asking ends with: `200`, or the code of the failure and its reason. */
async function ask({ port, caFile = ours.certificate, certificate = null, environment = {} }: Told): Promise<string> {
  const endpoint = `https://localhost:${port}`
  const credentials = { ...NO_CREDENTIALS, token: TOKEN, certificate }
  const settings: AccessSettings = { credentials, allowInsecureHttp: false, caFile, timeoutSeconds: 5 }
  try {
    const access = await accessTo(endpoint, settings, environment)
    const { status } = await exchange({ method: 'GET', url: `${endpoint}/`, longestAnswer: 1000 }, access, never)
    return String(status)
  } catch (thrown) {
    const { code, message, next, facts } = asDeltaError(thrown)
    expect(JSON.stringify([message, next, facts])).not.toContain('canary')
    return `${code}: ${facts.reason}`
  }
}

describe('faults.md row 73: a certificate', () => {
  test('of an authority that is named is believed, and nothing else is lost by naming it', async () => {
    const server = await secureServer(await ours.issue('localhost'))
    expect(await ask(server)).toBe('200')
    expect(server.seen).toEqual([{ token: 'Bearer canary-4411', name: undefined }])
    const other = await authority()
    const theirs = await secureServer(await other.issue('localhost'))
    expect(await ask({ ...theirs, environment: { NODE_EXTRA_CA_CERTS: other.certificate } })).toBe('200')
    expect(await ask(theirs)).toContain('connection-blocked')
  })

  const bad: [string, () => Promise<Certificate>, string | null, string][] = [
    ['has expired', () => ours.issue('localhost', -1), 'ours', 'CERT_HAS_EXPIRED'],
    ['belongs to another host', () => ours.issue('there.example'), 'ours', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['is signed by itself', () => selfSigned('localhost'), 'ours', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['is of an unknown authority', () => ours.issue('localhost'), null, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ]

  afterEach(() => {
    delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
  })

  test.each(bad)('that %s is refused, whatever NODE_TLS_REJECT_UNAUTHORIZED says; nothing was sent', async (...row) => {
    const [, issue, named, reason] = row
    const server = await secureServer(await issue())
    const caFile = named === null ? null : ours.certificate
    for (const value of [undefined, '0']) {
      if (value !== undefined) process.env.NODE_TLS_REJECT_UNAUTHORIZED = value
      expect(await ask({ ...server, caFile })).toBe(`connection-blocked: ${reason}`)
    }
    expect(server.seen).toEqual([])
  })

  test('that the server wants of us is shown; without it we are not let in', async () => {
    const clients = await authority()
    const server = await secureServer(await ours.issue('localhost'), clients)
    expect(await ask({ ...server, certificate: await clients.issue('ada') })).toBe('200')
    expect(server.seen).toEqual([{ token: 'Bearer canary-4411', name: 'ada' }])
    expect(await ask(server)).not.toBe('200')
    expect(await ask({ ...server, certificate: await ours.issue('mallory') })).not.toBe('200')
    expect(server.seen).toHaveLength(1)
  })

  test('that is named and cannot be read, or is none, is an error of the configuration', async () => {
    const folder = await temporaryDirectory()
    await writeTree(folder, { none: 'no certificate' })
    const { certificate, key } = await ours.issue('ada')
    const none = `${folder}/none`
    const pairs = [
      { caFile: `${folder}/gone` },
      { certificate: { certificate: none, key } },
      { certificate: { certificate, key: none } },
      { certificate: { certificate, key: (await ours.issue('bob')).key } },
    ]
    for (const pair of pairs) expect(await ask({ port: 9, ...pair })).toContain('configuration-invalid')
  })
})

describe('faults.md row 73: a handshake', () => {
  test('that is cut is no answer', async () => {
    const server = createServer((socket) => socket.once('data', () => socket.destroy()).on('error', () => undefined))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    expect(await ask({ port })).toBe('receiver-unreachable: ECONNRESET')
    await new Promise((resolve) => server.close(resolve))
  })

  test('with a server that does not speak TLS is no answer', async () => {
    const { port } = await listening((_, outgoing) => outgoing.end('{}'))
    expect(await ask({ port })).toContain('receiver-unreachable')
  })
})
