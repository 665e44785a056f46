import { describe, expect, test } from '@jest/globals'
import { type AccessSettings, accessTo } from '../../src/access.js'
import { NO_CREDENTIALS } from '../../src/config/credentials.js'
import { exchange, type HttpAnswer } from '../../src/delivery/http-exchange.js'
import { proxyFor } from '../../src/delivery/proxy-settings.js'
import { asDeltaError, type DeltaError } from '../../src/support/errors.js'
import { authority, secureServer } from '../helpers/certificates.js'
import { ceDelta } from '../helpers/command.js'
import { connectProxy } from '../helpers/connect-proxy.js'
import { closedPort, scriptedServer } from '../helpers/scripted-server.js'
import { gitRepository, readTree } from '../helpers/workspace.js'

const never = new AbortController().signal
const TOKEN = { kind: 'text', text: 'canary-token', source: 'CE_DELTA_TOKEN' } as const
const ENDPOINT = 'https://there.example'

async function ask(
  endpoint: string,
  environment: NodeJS.ProcessEnv,
  more: Partial<AccessSettings> = {},
  times = 1,
): Promise<HttpAnswer | DeltaError> {
  const credentials = { ...NO_CREDENTIALS, token: TOKEN }
  const settings = { credentials, allowInsecureHttp: true, caFile: null, timeoutSeconds: 5, ...more }
  try {
    const access = await accessTo(endpoint, settings, environment)
    const agent = access.connection.agent(true)
    const request = { method: 'GET', url: `${endpoint}/a?b=c`, longestAnswer: 1000, agent } as const
    for (let asked = 1; asked < times; asked++) await exchange(request, access, never)
    const answer = await exchange(request, access, never)
    agent.destroy()
    return answer
  } catch (thrown) {
    const error = asDeltaError(thrown)
    expect(JSON.stringify([error.message, error.next, error.facts])).not.toContain('canary')
    return error
  }
}

describe('faults.md row 75: a proxy', () => {
  test('is a tunnel to https, and sees nothing of what goes through; one tunnel does for all', async () => {
    const ours = await authority()
    const server = await secureServer(await ours.issue('there.example'))
    const proxy = await connectProxy({ port: server.port, wants: 'ada:canary pass' })
    const environment = { HTTPS_PROXY: `http://ada:canary%20pass@127.0.0.1:${proxy.port}` }
    expect(await ask(ENDPOINT, environment, { caFile: ours.certificate }, 3)).toMatchObject({ status: 200 })
    expect(proxy.asked).toEqual(['CONNECT there.example:443'])
    expect(proxy.heads.join()).not.toContain('canary')
    expect(server.seen).toEqual(Array(3).fill({ token: 'Bearer canary-token', name: undefined }))
  })

  test('may speak TLS itself; both certificates are looked at, and ours is for the endpoint alone', async () => {
    const [ours, clients] = [await authority(), await authority()]
    const server = await secureServer(await ours.issue('there.example'), clients)
    const proxy = await connectProxy({ port: server.port, secure: await ours.issue('localhost') })
    const environment = { https_proxy: `https://localhost:${proxy.port}` }
    const credentials = { ...NO_CREDENTIALS, certificate: await clients.issue('ada') }
    expect(await ask(ENDPOINT, environment, { caFile: ours.certificate, credentials })).toMatchObject({ status: 200 })
    expect(server.seen[0]?.name).toBe('ada')
    expect(await ask(ENDPOINT, environment, { credentials })).toMatchObject({ code: 'connection-blocked' })
  })

  test('is asked for a whole address where the endpoint is http', async () => {
    const server = await scriptedServer(() => ({ body: '{}' }))
    const proxy = await connectProxy({ port: server.port, wants: 'ada:canary' })
    const environment = { http_proxy: `http://ada:canary@127.0.0.1:${proxy.port}` }
    expect(await ask('http://there.example:8004', environment)).toMatchObject({ status: 200 })
    expect(proxy.asked).toEqual(['GET http://there.example:8004/a?b=c'])
    expect(server.requests.map(({ url }) => url)).toEqual(['/a?b=c'])
  })

  test.each([
    ['http://there.example', 'HTTP_PROXY'],
    [ENDPOINT, 'HTTPS_PROXY'],
  ])('on the way to %s that wants other credentials is told so, without showing them', async (endpoint, name) => {
    const proxy = await connectProxy({ port: 9, wants: 'ada:right' })
    const address = `127.0.0.1:${proxy.port}`
    for (const credentials of ['', 'ada:canary-wrong@']) {
      const error = await ask(endpoint, { [name]: `http://${credentials}${address}` })
      expect(error).toMatchObject({ code: 'connection-blocked', facts: { status: 407 } })
      expect(error).toMatchObject({ message: expect.stringContaining(`http://${address}`) })
    }
    expect(proxy.asked).toHaveLength(2)
  })

  test.each([
    [403, 'connection-blocked'],
    [502, 'receiver-unreachable'],
  ])('that answers %i for the endpoint is not taken for it', async (status, code) => {
    const proxy = await connectProxy({ port: 9, status })
    const error = await ask(ENDPOINT, { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` })
    expect(error).toMatchObject({ code, message: expect.stringMatching(/^The proxy .* does not connect to https:/) })
  })

  test('that cannot be reached is named', async () => {
    const port = await closedPort()
    const error = await ask(ENDPOINT, { ALL_PROXY: `127.0.0.1:${port}` })
    expect(error).toMatchObject({ code: 'receiver-unreachable', message: expect.stringContaining(`127.0.0.1:${port}`) })
  })

  test('that refuses its password is asked once, and nothing of it is shown or kept', async () => {
    const proxy = await connectProxy({ port: 9, wants: 'ada:right' })
    const root = await gitRepository({ files: { a: 'a' } })
    const env = {
      HTTPS_PROXY: `http://ada:canary-wrong@127.0.0.1:${proxy.port}`,
      CE_DELTA_ENDPOINT: ENDPOINT,
      CE_DELTA_TOKEN: 'canary-token',
      DEBUG: '*',
    }
    const { exitCode, stdout, stderr } = await ceDelta(root, ['push', '--debug'], { env })
    expect([exitCode, proxy.asked.length]).toEqual([4, 1])
    expect(stdout + stderr).toContain('The proxy http://127.0.0.1')
    const kept = [...(await readTree(root)).values()].join('\n')
    const basic = Buffer.from('ada:canary-wrong').toString('base64')
    for (const text of [stdout, stderr, kept])
      expect([text.includes('canary'), text.includes(basic)]).toEqual([false, false])
  })
})

describe('which proxy', () => {
  const P = 'http://p:1'
  test.each<[string, string, NodeJS.ProcessEnv, string | null]>([
    ['none is named', ENDPOINT, {}, null],
    ['for https', ENDPOINT, { HTTPS_PROXY: P, HTTP_PROXY: 'http://x' }, P],
    ['for http', 'http://there.example', { HTTPS_PROXY: 'http://x', HTTP_PROXY: P }, P],
    ['for all', ENDPOINT, { all_proxy: P }, P],
    ['its own goes before that for all', ENDPOINT, { https_proxy: P, all_proxy: 'http://x' }, P],
    ['small letters go first', ENDPOINT, { https_proxy: P, HTTPS_PROXY: 'http://x' }, P],
    ['an empty one is none', ENDPOINT, { https_proxy: ' ' }, null],
    ['without a scheme', ENDPOINT, { https_proxy: 'p:1' }, P],
    ['this machine by name', 'http://localhost:8004', { http_proxy: P }, null],
    ['this machine by address', 'http://127.0.0.1:8004', { http_proxy: P }, null],
    ['this machine, version 6', 'http://[::1]:8004', { http_proxy: P }, null],
    ['in a CGI, where a header sets it', 'http://there.example', { HTTP_PROXY: P, REQUEST_METHOD: 'POST' }, null],
    ['in a CGI, in small letters', 'http://there.example', { http_proxy: P, REQUEST_METHOD: 'POST' }, P],
  ])('%s', (_, endpoint, environment, address) => {
    expect(proxyFor(endpoint, environment)?.address ?? null).toBe(address)
  })

  test.each<[string, string, boolean]>([
    ['*', ENDPOINT, true],
    ['there.example', ENDPOINT, true],
    ['THERE.example', ENDPOINT, true],
    ['example', ENDPOINT, true],
    ['.example', ENDPOINT, true],
    ['*.example', ENDPOINT, true],
    ['here.example', ENDPOINT, false],
    ['ere.example', ENDPOINT, false],
    ['other, there.example', ENDPOINT, true],
    ['there.example:443', ENDPOINT, true],
    ['there.example:8443', ENDPOINT, false],
    ['10.1.2.3', 'https://10.1.2.3', true],
    ['10.0.0.0/8', 'https://10.1.2.3', true],
    ['10.2.0.0/16', 'https://10.1.2.3', false],
    ['10.0.0.0/99', 'https://10.1.2.3', false],
    ['1.2.3', 'https://10.1.2.3', false],
    ['[2001:db8::7]', 'https://[2001:db8::7]', true],
    ['2001:db8::/32', 'https://[2001:db8::7]', true],
    ['', ENDPOINT, false],
    [' , ', ENDPOINT, false],
  ])('NO_PROXY=%j, to %s: straight there: %s', (list, endpoint, straight) => {
    expect(proxyFor(endpoint, { ALL_PROXY: P, NO_PROXY: list }) === null).toBe(straight)
  })

  test.each(['socks5://u:canary@p:1', 'http://', '://u:canary@p', 'http://u:canary%zz@p:1', 'ftp://u:canary@p'])(
    '%s cannot be used, and is told without its password',
    (text) => {
      const failure = (): unknown => proxyFor(ENDPOINT, { HTTPS_PROXY: text })
      expect(failure).toThrow(expect.objectContaining({ code: 'configuration-invalid' }))
      expect(failure).not.toThrow(/canary/)
    },
  )
})
