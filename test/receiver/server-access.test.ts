import { beforeEach, describe, expect, test } from '@jest/globals'
import { DeltaError } from '../../src/support/errors.js'
import { created, Sender } from '../helpers/bundles.js'
import { everythingBelow, testReceiver } from '../helpers/receivers.js'
import { converse, formOf, rawUpload, type TestServer, testServer } from '../helpers/servers.js'

const TOKEN = 'correct horse battery staple'
const PATHS = ['/api/v1/delta/status?workspace_path=/w', '/api/v1/delta/tree?workspace_path=/w']

let server: TestServer

async function statusWith(headers: Readonly<Record<string, string>>, path = '/health'): Promise<number> {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const text = await converse(server, [`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`], { silence: 50 })
  return Number(text.split(' ')[1])
}

describe('faults.md row 98: a token is required', () => {
  beforeEach(async () => {
    server = await testServer({ token: TOKEN })
  })

  test.each([
    ['none', undefined],
    ['a wrong one', 'Bearer wrong'],
    ['an empty one', 'Bearer '],
    ['a part of it', `Bearer ${TOKEN.slice(0, -1)}`],
    ['another scheme', `Basic ${TOKEN}`],
    ['without a scheme', TOKEN],
  ])('%s', async (_, authorization) => {
    const headers = { host: 'localhost', ...(authorization === undefined ? {} : { authorization }) }
    for (const path of PATHS) expect(await statusWith(headers, path)).toBe(401)
    expect(await statusWith(headers)).toBe(200)
  })

  test('no spelling of an address gets around it', async () => {
    const spellings = [
      '/%61pi/v1/delta/status',
      '/api/v1/delta/status/',
      '/api/v1/delta/stat%75s',
      '//api/v1/delta/status',
    ]
    for (const spelling of spellings) {
      expect([401, 404]).toContain(await statusWith({ host: 'localhost' }, `${spelling}?workspace_path=/w`))
    }
  })

  test('the right one, whatever the case of the scheme', async () => {
    for (const scheme of ['Bearer', 'bearer']) {
      const headers = { host: 'localhost', authorization: `${scheme} ${TOKEN}` }
      for (const path of PATHS) expect(await statusWith(headers, path)).toBe(200)
    }
  })

  test('the answer comes before the body, and nothing of the body is stored', async () => {
    const head = rawUpload('', { 'content-length': '10000000' })
    const text = await converse(server, [head])
    expect(text).toMatch(/^HTTP\/1\.1 401 /)
    expect(text).toMatch(/www-authenticate: Bearer/i)
    expect(await everythingBelow(server.data)).toEqual([])
  })

  test('a client that goes on sending for too long is cut off', async () => {
    await server.close()
    server = await testServer({ token: TOKEN, timing: { linger: 200 } })
    const pieces = [
      rawUpload('', { 'content-length': '10000000' }),
      ...Array.from({ length: 8 }, () => 'x'.repeat(1000)),
    ]
    const started = performance.now()
    await converse(server, pieces, { pause: 100, silence: 60_000 })
    expect(performance.now() - started).toBeLessThan(20_000)
  })

  test('a form with the right one', async () => {
    const bundle = await new Sender().bundle([created('a', '1')])
    const headers = { authorization: `Bearer ${TOKEN}` }
    const request = { method: 'POST', body: await formOf(bundle), headers }
    expect((await fetch(`${server.url}/api/v1/delta/upload`, request)).status).toBe(200)
  })
})

describe('faults.md row 98: a page in a browser', () => {
  beforeEach(async () => {
    server = await testServer()
  })

  test.each(['localhost', 'localhost:1234', 'LOCALHOST', '127.0.0.1', '127.1.2.3:80', '[::1]', '[::1]:8080'])(
    'Host: %s is this machine',
    async (host) => {
      expect(await statusWith({ host })).toBe(200)
    },
  )

  test.each([
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'evil@localhost',
    '10.0.0.1',
    '0.0.0.0',
    '[::2]',
    'localhost:x',
    'localhost:1 '.repeat(2),
  ])('Host: %s is not', async (host) => {
    expect(await statusWith({ host })).toBe(403)
    expect(await statusWith({ host }, PATHS[0])).toBe(403)
  })

  test('no Host at all', async () => {
    expect(await statusWith({})).toBe(400)
    expect(await converse(server, ['GET /health HTTP/1.0\r\n\r\n'])).toMatch(/^HTTP\/1\.1 403 /)
  })

  test.each([
    ['http://localhost:1', 200],
    ['http://localhost:2', 403],
    ['http://evil.example', 403],
    ['https://localhost:1.evil.example', 403],
    ['null', 403],
    ['', 403],
  ])('Origin: %s gets %i', async (origin, status) => {
    expect(await statusWith({ host: 'localhost:1', origin })).toBe(status)
  })

  test('there are no CORS headers, and no answer to a preflight', async () => {
    const request = 'OPTIONS /api/v1/delta/upload HTTP/1.1\r\nhost: localhost\r\norigin: http://localhost\r\n\r\n'
    const text = await converse(server, [request])
    expect(text).toMatch(/^HTTP\/1\.1 404 /)
    expect(text).not.toMatch(/access-control/i)
  })
})

describe('faults.md row 98: other addresses than loopback', () => {
  test.each(['0.0.0.0', '::', '192.168.1.1', 'example.org', '127.0.0.1.evil.example', ''])(
    '%j needs a token',
    async (host) => {
      const starting = testServer({ host })
      await expect(starting).rejects.toBeInstanceOf(DeltaError)
      await expect(starting).rejects.toMatchObject({
        code: 'configuration-invalid',
        next: expect.stringContaining('token'),
      })
    },
  )

  test('an empty token is none', async () => {
    await expect(testServer({ host: '0.0.0.0', token: '' })).rejects.toMatchObject({ code: 'configuration-invalid' })
  })

  test('with a token any name of the machine will do', async () => {
    server = await testServer({ host: '0.0.0.0', token: TOKEN })
    const headers = { host: 'build.example:8080', authorization: `Bearer ${TOKEN}` }
    expect(await statusWith(headers, PATHS[0])).toBe(200)
    expect(await statusWith({ host: 'build.example:8080' }, PATHS[0])).toBe(401)
  })

  test.each(['localhost', '::1'])('%s is loopback', async (host) => {
    server = await testServer({ host })
    expect((await fetch(`${server.url}/health`)).status).toBe(200)
  })

  test('faults.md row 98: any path of a workspace is one folder below the data folder', async () => {
    const receiver = await testReceiver()
    for (const path of ['/', '..', '.', '.codebase', '../../etc', 'C:\\x\\..', 'x'.repeat(4000), 'a/b\n']) {
      const sender = new Sender(path)
      const { mirror } = await receiver.engine.apply(await sender.bundle([created('a', path)]))
      expect(mirror.slice(receiver.mirrors.length)).toMatch(/^\/[A-Za-z0-9_][A-Za-z0-9._-]{0,80}$/)
    }
    expect((await everythingBelow(receiver.mirrors)).length).toBe(16)
  })
})
