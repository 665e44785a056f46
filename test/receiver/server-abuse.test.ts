import { randomBytes } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, describe, expect, test } from '@jest/globals'
import { created, Sender } from '../helpers/bundles.js'
import { everythingBelow, holdWorkspace } from '../helpers/receivers.js'
import { converse, rawUpload, type TestServer, testServer, upload } from '../helpers/servers.js'
import { writeTree } from '../helpers/workspace.js'

let server: TestServer

beforeEach(async () => {
  server = await testServer({ limits: { compressedBytes: 100_000 } })
})

type Parts = readonly (string | Uint8Array)[]
const field = (name: string, value: string): string =>
  `--XX\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
const file = (content: string | Uint8Array, name = 'bundle', filename = '; filename="b.tar.gz"'): Parts => [
  `--XX\r\ncontent-disposition: form-data; name="${name}"${filename}\r\ncontent-type: application/gzip\r\n\r\n`,
  content,
  '\r\n',
]
const form = (...parts: Parts): Buffer => Buffer.concat([...parts, '--XX--\r\n'].map((part) => Buffer.from(part)))
const workspace = field('workspace_path', '/w')

describe('faults.md row 95: abuse of the form leaves nothing behind', () => {
  test.each<[string, number, () => Uint8Array]>([
    ['no boundary', 400, () => rawUpload(form(workspace), { 'content-type': 'multipart/form-data' })],
    ['another boundary', 400, () => rawUpload(form(workspace), { 'content-type': 'multipart/form-data; boundary=YY' })],
    ['no form', 415, () => rawUpload('{}', { 'content-type': 'application/json' })],
    ['no type', 415, () => rawUpload('{}', { 'content-type': '' })],
    ['an empty body', 422, () => rawUpload('')],
    ['no end', 400, () => rawUpload(Buffer.concat([workspace, ...file('x')].map((part) => Buffer.from(part))))],
    ['cut inside the bundle', 400, () => rawUpload(form(workspace, ...file('x'.repeat(5000))).subarray(0, 3000))],
    ['two bundles', 400, () => rawUpload(form(workspace, ...file('x'), ...file('y')))],
    ['no bundle', 422, () => rawUpload(form(workspace))],
    ['a bundle without a file name', 422, () => rawUpload(form(workspace, ...file('x', 'bundle', '')))],
    [
      'a bundle with an empty file name',
      422,
      () => rawUpload(form(workspace, ...file('x', 'bundle', '; filename=""'))),
    ],
    [
      'a file name that leads elsewhere',
      400,
      () => rawUpload(form(workspace, ...file('x', 'bundle', '; filename="../../x"'))),
    ],
    [
      '10,000 fields',
      413,
      () => rawUpload(form(...Array.from({ length: 10_000 }, (_, n) => field(`f${n}`, 'x')), workspace, ...file('x'))),
    ],
    [
      'many other files',
      413,
      () => rawUpload(form(...Array.from({ length: 50 }, () => file('x', 'other')).flat(), workspace, ...file('x'))),
    ],
    [
      'a field that is too long',
      400,
      () => rawUpload(form(field('collection_name', 'x'.repeat(10_000)), workspace, ...file('x'))),
    ],
    ['a name that is too long', 400, () => rawUpload(form(field('x'.repeat(500), 'x'), workspace, ...file('x')))],
    ['__proto__', 400, () => rawUpload(form(field('__proto__', 'x'), workspace, ...file('x')))],
    ['huge headers of a part', 422, () => rawUpload(form(`--XX\r\nx: ${'y'.repeat(200_000)}\r\n\r\nx\r\n`, workspace))],
    ['a bundle that is no bundle', 400, () => rawUpload(form(workspace, ...file(randomBytes(5000))))],
    ['a length that announces too much', 413, () => rawUpload('', { 'content-length': '2000000' })],
    ['a bundle over the limit', 413, () => rawUpload(form(workspace, ...file(new Uint8Array(100_001))))],
  ])('%s: %i', async (_, status, request) => {
    const text = await converse(server, [request()])
    expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(text).toContain('"success":false')
    expect(await everythingBelow(server.data)).toEqual([])
  })

  test('an endless body in chunks: 413, and the connection is cut', async () => {
    server = await testServer({ limits: { compressedBytes: 100_000 }, timing: { linger: 300 } })
    const head =
      'POST /api/v1/delta/upload HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\ncontent-type: multipart/form-data; boundary=XX\r\n\r\n'
    const [start = ''] = file('')
    const chunk = (data: string | Uint8Array): string => `${data.length.toString(16)}\r\n${data}\r\n`
    const pieces = [
      head,
      chunk(workspace),
      chunk(start),
      ...Array.from({ length: 20 }, () => chunk('x'.repeat(50_000))),
    ]
    expect(await converse(server, pieces, { pause: 20, silence: 60_000 })).toMatch(
      /^HTTP\/1\.1 413 .*BUNDLE_TOO_LARGE/s,
    )
    expect(await everythingBelow(server.data)).toEqual([])
  })

  test('a client that vanishes in the middle', async () => {
    const request = rawUpload(form(workspace, ...file('x'.repeat(50_000))))
    const { connect } = await import('node:net')
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
    socket.write(request.subarray(0, 30_000))
    await sleep(200)
    expect((await everythingBelow(server.data)).length).toBe(1)
    socket.destroy()
    await sleep(200)
    expect(await everythingBelow(server.data)).toEqual([])
  })

  test('what a killed server left in the spool is cleared at the start; the folder is private', async () => {
    await writeTree(join(server.data, 'spool'), { 'old.tar.gz': 'left over' })
    await server.close()
    server = await testServer({ on: server })
    expect(await everythingBelow(server.data)).toEqual([])
    if (process.platform !== 'win32') expect((await stat(join(server.data, 'spool'))).mode & 0o777).toBe(0o700)
  })
})

describe('faults.md row 96: slow clients', () => {
  test('headers that never end', async () => {
    server = await testServer({ timing: { headers: 300 } })
    expect(await converse(server, ['GET /health HTTP/1.1\r\nhost: localhost\r\n'], { silence: 60_000 })).toMatch(
      /^HTTP\/1\.1 408 /,
    )
  })

  test('a body that stops is cut off, one that is slow is not', async () => {
    server = await testServer({ timing: { idle: 600 } })
    const bundle = await new Sender().bundle([created('a', '1')])
    const body = form(field('workspace_path', bundle.workspacePath), ...file(await readFile(bundle.path)))
    const request = Buffer.from(rawUpload(body))
    await converse(server, [request.subarray(0, 500)], { silence: 60_000 })
    await sleep(100)
    expect(await everythingBelow(server.data)).toEqual([])
    const pieces = Array.from({ length: 10 }, (_, n) =>
      request.subarray((request.length * n) / 10, (request.length * (n + 1)) / 10),
    )
    expect(await converse(server, pieces, { pause: 150 })).toMatch(/^HTTP\/1\.1 200 /)
  })

  test('a bundle that takes long to apply is waited for', async () => {
    server = await testServer({ timing: { idle: 300 } })
    const sender = new Sender()
    const release = await holdWorkspace(server)
    const answering = upload(server, await sender.bundle([created('a', '1')]))
    await sleep(1200)
    await release()
    expect((await answering).body).toMatchObject({ success: true })
  })
})
