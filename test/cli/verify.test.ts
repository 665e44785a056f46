import { unlink } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterEach, describe, expect, test } from '@jest/globals'
import { ceDelta, push, thisMachine } from '../helpers/command.js'
import { serve } from '../helpers/serving.js'
import { git, gitRepository, temporaryDirectory, writeTree } from '../helpers/workspace.js'

async function verify(root: string, ...args: string[]) {
  const { data } = await thisMachine()
  return await ceDelta(root, ['verify', '--json', '--data', data, ...args])
}

/** Two clones that write to one workspace; the second one was last. */
async function overwritten(): Promise<{ root: string; identity: string }> {
  const identity = '--workspace-path=/shared'
  const root = await gitRepository({ files: { a: '1', b: '2' } })
  await push(root, [identity])
  const other = await gitRepository({ files: { a: '1', b: 'other', c: '3' } })
  await push(other, [identity])
  return { root, identity }
}

describe('verify', () => {
  test('compares every file with the receiver’s listing', async () => {
    const root = await gitRepository({ files: { a: '1', b: '2' } })
    await push(root)
    const equal = await verify(root)
    expect(equal.exitCode).toBe(0)
    expect(equal.events).toMatchObject([{ verdict: 'equal', by: 'listing', sequence: 1, files: 2, differences: [] }])
    await writeTree(root, { a: 'changed', c: '3' })
    await unlink(join(root, 'b'))
    const pending = await verify(root)
    expect(pending.exitCode).toBe(4)
    expect(pending.events).toMatchObject([
      {
        verdict: 'pending',
        differences: [
          { difference: 'differs', path: 'a' },
          { difference: 'only there', path: 'b', here: null },
          { difference: 'missing there', path: 'c' },
        ],
      },
    ])
  })

  test('finds what another writer left, and repairs it when asked', async () => {
    const { root, identity } = await overwritten()
    const { exitCode, events } = await verify(root, identity)
    expect(exitCode).toBe(7)
    expect(events).toMatchObject([{ verdict: 'different', differences: [{ path: 'b' }, { path: 'c' }] }])
    const repaired = await verify(root, identity, '--repair')
    expect(repaired.exitCode).toBe(0)
    expect(repaired.report).toMatchObject({ outcome: 'confirmed', operations: { updated: 1, deleted: 1 } })
    expect(repaired.events.at(-1)).toMatchObject({ event: 'verify', verdict: 'equal' })
    const { data } = await thisMachine()
    const log = await ceDelta(root, ['log', '--json', '-n', '1', identity, '--data', data])
    expect(log.events[0]).toMatchObject({ trigger: 'repair' })
  })

  test('goes by the record where a server lists nothing, and says so', async () => {
    const root = await gitRepository({ files: { a: '1' } })
    const { url } = await serve()
    const endpoint = `--endpoint=${await blindServer(url)}`
    expect((await ceDelta(root, ['push', '--json', endpoint])).report).toMatchObject({ outcome: 'confirmed' })
    expect((await verify(root, endpoint)).events).toMatchObject([{ verdict: 'equal', by: 'record' }])
    expect((await ceDelta(root, ['verify', endpoint])).stderr).toContain('by the record of what was confirmed')
    const other = await gitRepository({ files: { a: 'other' } })
    await ceDelta(other, ['push', endpoint, `--workspace-path=${root}`])
    const { exitCode, events } = await verify(root, endpoint)
    expect(exitCode).toBe(7)
    expect(events).toMatchObject([{ verdict: 'unknown', by: 'record' }])
    expect((await verify(root, endpoint, '--repair')).exitCode).toBe(0)
  })

  test('compares a commit, in a bare repository', async () => {
    const root = await gitRepository({ files: { a: '1' } })
    const bare = join(await temporaryDirectory(), 'bare.git')
    await git(root, 'clone', '--quiet', '--bare', root, bare)
    await push(bare, ['--commit', 'HEAD'])
    expect((await verify(bare)).exitCode).toBe(10)
    expect((await verify(bare, '--commit', 'HEAD')).events).toMatchObject([
      { verdict: 'equal', by: 'listing', files: 1 },
    ])
  })

  test('says so where the receiver cannot be reached', async () => {
    const root = await gitRepository({ files: { a: '1' } })
    expect((await verify(root, '--endpoint=http://127.0.0.1:1')).exitCode).toBe(4)
  })

  test('speaks of no push where there was none, and promises none where it made none', async () => {
    const root = await gitRepository({ files: { a: '1' } })
    const { data } = await thisMachine()
    const words = async (...args: string[]) => (await ceDelta(root, ['verify', '--data', data, ...args])).stderr
    expect(await words()).toContain('1 difference: nothing was pushed yet')
    expect(await words('--endpoint=http://127.0.0.1:1')).not.toContain('kept')
  })
})

const servers: Server[] = []

afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections()
})

/** A server that tells neither its tree nor its files, as those of earlier generations. */
async function blindServer(target: string): Promise<string> {
  const server = createServer(async (request, response) => {
    const { 'content-type': type = 'text/plain', accept = '*/*' } = request.headers
    const body = request.method === 'POST' ? { body: new Uint8Array(await buffer(request)) } : {}
    const headers = { 'content-type': type, accept }
    const answer = await fetch(`${target}${request.url}`, { method: request.method ?? 'GET', headers, ...body })
    const { tree: _tree, last_bundle_id: _id, ...fields } = JSON.parse(await answer.text())
    if (fields.server_info !== undefined) fields.server_info.abilities = []
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(fields))
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server has no port.')
  return `http://127.0.0.1:${address.port}`
}
