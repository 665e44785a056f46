import { Readable } from 'node:stream'
import { describe, expect, test } from '@jest/globals'
import { exchange, type HttpRequest } from '../../src/delivery/http-exchange.js'
import { asDeltaError, type DeltaError } from '../../src/support/errors.js'
import { blackhole } from '../helpers/blackhole.js'
import { closedPort, listening, NO_NETWORK, scriptedServer, UNKNOWN_NAME } from '../helpers/scripted-server.js'

const TOKEN = 'canary-7d1f'
const never = new AbortController().signal

function get(url: string, longestAnswer = 1000): HttpRequest {
  return { method: 'GET', url, longestAnswer }
}

function post(url: string, body: () => Readable): HttpRequest {
  return { method: 'POST', url, longestAnswer: 1000, body }
}

const options = (idleTimeout = 5000) => ({ token: TOKEN, idleTimeout, userAgent: 'test' })

async function failureOf(promise: Promise<unknown>): Promise<DeltaError> {
  try {
    await promise
  } catch (thrown) {
    const error = asDeltaError(thrown)
    expect(JSON.stringify([error.message, error.facts, error.next])).not.toContain(TOKEN)
    return error
  }
  throw new Error('It was taken for a success.')
}

describe('an exchange', () => {
  test('carries the token to the endpoint, in one header', async () => {
    const server = await scriptedServer(() => ({ status: 503, headers: { 'retry-after': '7' }, body: 'later' }))
    const answer = await exchange(get(server.url), options(), never)
    expect(answer).toEqual({ url: server.url, status: 503, retryAfter: 7000, date: expect.any(Number), text: 'later' })
    const [request] = server.requests
    expect(request?.headers.authorization).toBe(`Bearer ${TOKEN}`)
    expect(JSON.stringify({ ...request?.headers, authorization: '' })).not.toContain(TOKEN)
  })

  test('sends a body of many pieces exactly', async () => {
    const server = await scriptedServer(() => ({ body: '{}' }))
    const pieces = Array.from({ length: 200 }, (_, index) => Buffer.alloc(10_000, index))
    await exchange(
      post(server.url, () => Readable.from(pieces)),
      options(),
      never,
    )
    expect(server.requests[0]?.body.equals(Buffer.concat(pieces))).toBe(true)
  })
})

describe('a redirect is never followed (row 67)', () => {
  test.each([301, 302, 303, 307, 308])('%i: not one byte reaches its target', async (status) => {
    const target = await scriptedServer(() => ({ body: '{"success":true}' }))
    const server = await scriptedServer(() => ({ status, headers: { location: `${target.url}/elsewhere` } }))
    for (const request of [get(server.url), post(server.url, () => Readable.from([Buffer.from('source code')]))]) {
      const error = await failureOf(exchange(request, options(), never))
      expect(error.code).toBe('redirect-refused')
      expect(error.message).toContain(`${target.url}/elsewhere`)
    }
    expect(target.bytes()).toBe(0)
    expect(server.requests).toHaveLength(2)
  })

  test.each(['https://127.0.0.1:1/', '//127.0.0.1:1/', 'http://[', '', '\u00ff'])('to %j neither', async (location) => {
    const server = await scriptedServer(() => ({ status: 302, headers: location === '' ? {} : { location } }))
    expect((await failureOf(exchange(get(server.url), options(), never))).code).toBe('redirect-refused')
  })

  test.each([300, 304, 305, 399])('%i is no answer either', async (status) => {
    const server = await scriptedServer(() => ({ status }))
    expect((await failureOf(exchange(get(server.url), options(), never))).code).toBe('redirect-refused')
  })
})

describe('a receiver that cannot be reached', () => {
  test('nothing listens there (row 61)', async () => {
    const error = await failureOf(exchange(get(`http://127.0.0.1:${await closedPort()}`), options(), never))
    expect([error.code, error.facts.reason]).toEqual(['receiver-unreachable', 'ECONNREFUSED'])
  })

  test('its name cannot exist (row 61)', async () => {
    const error = await failureOf(exchange(get(UNKNOWN_NAME), options(), never))
    expect(error.code).toBe('receiver-unreachable')
  })

  test('no network leads there (row 61)', async () => {
    const error = await failureOf(exchange(get(NO_NETWORK), options(), never))
    expect(error.code).toBe('receiver-unreachable')
    expect(error.message).toContain('no route to the network')
  })

  test('its network swallows every packet: given up when nothing moved for the idle time (row 61)', async () => {
    const error = await failureOf(exchange(get(await blackhole()), options(300), never))
    expect([error.code, error.facts.reason]).toEqual(['receiver-unreachable', 'idle timeout'])
  })

  test('it hangs up at once, before and in the answer (row 62)', async () => {
    const rude = [
      await listening((_, outgoing) => outgoing.destroy()),
      await listening((_, outgoing) => {
        outgoing.writeHead(200, { 'content-length': '100' })
        outgoing.write('{"succ')
        setTimeout(() => outgoing.destroy(), 20)
      }),
      await listening((_, outgoing) => {
        outgoing.writeHead(200)
        outgoing.write('{"success":true}')
        setTimeout(() => outgoing.destroy(), 20)
      }),
    ]
    for (const { url } of rude) {
      for (const request of [get(url), post(url, () => Readable.from([Buffer.alloc(300_000)]))])
        expect((await failureOf(exchange(request, options(), never))).code).toBe('receiver-unreachable')
    }
  })
})

describe('nothing moves (row 64)', () => {
  test.each<[string, (url: string) => HttpRequest]>([
    ['no answer', (url) => get(url)],
    ['the body is not read', (url) => post(url, () => Readable.from(endless(), { objectMode: false }))],
  ])('%s: given up in time', async (_, request) => {
    const server = await listening((incoming) => incoming.pause())
    const started = performance.now()
    const error = await failureOf(exchange(request(server.url), options(300), never))
    expect([error.code, error.facts.reason]).toEqual(['receiver-unreachable', 'idle timeout'])
    expect(performance.now() - started).toBeLessThan(4000)
  })

  test('an answer that stops in the middle', async () => {
    const server = await listening((_, outgoing) => {
      outgoing.writeHead(200)
      outgoing.write('{')
    })
    expect((await failureOf(exchange(get(server.url), options(300), never))).facts.reason).toBe('idle timeout')
  })

  test('an answer that comes slowly, but comes, is waited for (row 65)', async () => {
    const server = await listening((_, outgoing) => {
      let left = 8
      const drip = setInterval(() => {
        outgoing.write('x')
        if (--left > 0) return
        clearInterval(drip)
        outgoing.end()
      }, 100)
    })
    expect((await exchange(get(server.url), options(500), never)).text).toBe('x'.repeat(8))
  })

  test('an answer that drips for ever is given up, although something moves', async () => {
    const server = await listening((_, outgoing) => {
      const drip = setInterval(() => outgoing.write('x'), 20)
      outgoing.on('close', () => clearInterval(drip))
    })
    const error = await failureOf(exchange(get(server.url, 1 << 20), options(300), never))
    expect([error.code, error.facts.reason]).toEqual(['receiver-unreachable', 'too slow'])
  })

  test('an answer of which enough comes may take longer than that', async () => {
    const server = await listening((_, outgoing) => {
      let left = 12
      const pour = setInterval(() => {
        outgoing.write('x'.repeat(1000))
        if (--left > 0) return
        clearInterval(pour)
        outgoing.end()
      }, 100)
    })
    expect((await exchange(get(server.url, 1 << 20), options(250), never)).text).toHaveLength(12_000)
  })

  test('an interruption ends it at once (row 2)', async () => {
    const server = await listening(() => undefined)
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 50)
    expect((await failureOf(exchange(get(server.url), options(60_000), controller.signal))).code).toBe('interrupted')
  })
})

test('an answer without an end is given up (row 65)', async () => {
  const server = await listening((_, outgoing) => {
    outgoing.writeHead(200)
    const pour = (): void => {
      while (!outgoing.destroyed && outgoing.write('x'.repeat(1000)));
      if (!outgoing.destroyed) outgoing.once('drain', pour)
    }
    pour()
  })
  expect((await failureOf(exchange(get(server.url, 100_000), options(), never))).code).toBe('answer-malformed')
})

function* endless(): Generator<Buffer> {
  for (;;) yield Buffer.alloc(1 << 16)
}

test.each([
  ['a length that is no number', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n'],
  ['no last chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n'],
  ['no answer at all', 'SSH-2.0-OpenSSH_9.2\r\n'],
])('an answer in chunks with %s is none (row 65)', async (_, bytes) => {
  const server = await listening((_, outgoing) => outgoing.socket?.end(bytes))
  expect((await failureOf(exchange(get(server.url), options(), never))).code).toBe('receiver-unreachable')
})
