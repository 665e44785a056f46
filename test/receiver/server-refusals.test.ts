import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from '@jest/globals'
import { arrived, created, deleted, draft, packed, Sender } from '../helpers/bundles.js'
import { everythingBelow, placeIn } from '../helpers/receivers.js'
import { FAILED, type TestServer, testServer, upload } from '../helpers/servers.js'

let server: TestServer
let sender: Sender

beforeEach(async () => {
  server = await testServer()
  sender = new Sender()
})

describe('refused uploads', () => {
  test.each<[number, string, Record<string, string | undefined>]>([
    [422, 'BAD_REQUEST', { sequence_number: 'abc' }],
    [422, 'BAD_REQUEST', { sequence_number: '1.5' }],
    [422, 'BAD_REQUEST', { sequence_number: '-1' }],
    [422, 'BAD_REQUEST', { force: 'perhaps' }],
    [422, 'BAD_REQUEST', { workspace_path: undefined }],
    [422, 'BAD_REQUEST', { workspace_path: '' }],
    [422, 'BAD_REQUEST', { workspace_path: 'x'.repeat(4097) }],
    [400, 'BAD_REQUEST', { workspace_path: 'x'.repeat(9000) }],
    [400, 'BUNDLE_REFUSED', { workspace_path: '/somebody/else' }],
  ])('%i %s for %j', async (status, code, fields) => {
    const answer = await upload(server, await sender.bundle([created('a', '1')]), fields)
    expect(answer).toMatchObject({ status, body: { ...FAILED, error: { code, message: expect.any(String) } } })
    expect(server.events).toEqual([{ event: 'refused', code, message: expect.any(String) }])
    expect(await everythingBelow(server.data)).toEqual([])
  })

  test('a bundle that does not lead to the tree that it announces', async () => {
    const made = draft([created('a', '1')])
    made.manifest.tree = '1'.repeat(40)
    const answer = await upload(server, await arrived(packed(made)))
    expect(answer).toMatchObject({ status: 409, body: { ...FAILED, error: { code: 'TREE_MISMATCH' } } })
  })

  test('faults.md row 39: what a bundle says is printable before it reaches a log', async () => {
    const made = draft([created('../\u001b[2J\nx', '1')])
    await upload(server, await arrived(packed(made)))
    const [refused] = server.events
    expect(refused?.event === 'refused' && refused.message).toMatch(/^[ -~]+u001b.2J[ -~]+$/)
  })

  test('an inner failure is told to the operator only', async () => {
    await upload(server, await sender.bundle([created('a', '1')]))
    await rm(join(placeIn(server).gitDirectory, 'objects'), { recursive: true })
    const answer = await upload(server, await sender.bundle([deleted('a'), created('b', '2')]))
    expect(answer).toMatchObject({ status: 500, body: { ...FAILED, error: { code: 'INTERNAL_ERROR' } } })
    expect(JSON.stringify(answer.body)).not.toContain('git')
    expect(server.events.at(-1)).toMatchObject({ event: 'failed', message: expect.stringContaining('git') })
  })
})
