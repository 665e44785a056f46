import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from '@jest/globals'
import { UPLOAD_PATH } from '../../src/receiver/wire.js'
import { ceDelta, expectMirror, filesOf } from '../helpers/command.js'
import { testServer } from '../helpers/servers.js'
import { gitRepository, writeTree } from '../helpers/workspace.js'

let front: Server | null = null
afterEach(async () => {
  front?.closeAllConnections()
  await new Promise((resolve) => (front === null ? resolve(null) : front.close(resolve)))
})

/** Passes everything on, but closes a connection that was used before at the first byte of an upload on it. */
async function closing(behind: string, times: number): Promise<{ url: string; closed: () => number }> {
  const used = new WeakSet<object>()
  let closed = 0
  front = createServer(async (incoming, outgoing) => {
    if (incoming.url === UPLOAD_PATH && used.has(incoming.socket) && closed < times) {
      closed++
      return void incoming.socket.destroy()
    }
    used.add(incoming.socket)
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk)
    const { host: _, connection: __, 'content-length': ___, ...headers } = incoming.headers
    const body = incoming.method === 'POST' ? { body: new Uint8Array(Buffer.concat(chunks)) } : {}
    const plain = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
    const answer = await fetch(behind + incoming.url, { method: incoming.method ?? 'GET', headers: plain, ...body })
    outgoing.writeHead(answer.status, { 'content-type': 'application/json' })
    outgoing.end(await answer.text())
  })
  await new Promise<void>((resolve) => front?.listen(0, '127.0.0.1', resolve))
  const { port } = front.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, closed: () => closed }
}

test('faults.md row 76: a kept connection that is closed just as we send: asked, sent again, applied once', async () => {
  const root = await gitRepository({ files: { a: 'a' } })
  const server = await testServer()
  const { url, closed } = await closing(server.url, 1)
  await writeTree(root, { b: 'b' })
  const result = await ceDelta(root, ['push', '--json'], { env: { CE_DELTA_ENDPOINT: url } })
  await expectMirror(result, await filesOf(root))
  expect(closed()).toBe(1)
  expect(server.events.filter(({ event }) => event === 'applied')).toHaveLength(1)
})
