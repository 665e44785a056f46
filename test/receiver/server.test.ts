import { beforeEach, describe, expect, test } from '@jest/globals'
import { created, moved, Sender, updated } from '../helpers/bundles.js'
import { everythingBelow, expectExactly, placeIn } from '../helpers/receivers.js'
import { answerOf, FAILED, formOf, statusOf, type TestServer, testServer, treeOf, upload } from '../helpers/servers.js'
import { git } from '../helpers/workspace.js'

let server: TestServer
let sender: Sender

beforeEach(async () => {
  server = await testServer()
  sender = new Sender()
})

async function spool(): Promise<string[]> {
  return (await everythingBelow(server.data)).filter((path) => path.startsWith('spool'))
}

describe('the specified answers', () => {
  test('health', async () => {
    const { status, body } = await answerOf(await fetch(`${server.url}/health`))
    expect({ status, body }).toEqual({
      status: 200,
      body: { status: 'healthy', timestamp: expect.stringMatching(/^\d{4}-.*Z$/), version: '1.2.3' },
    })
  })

  test('status, every field true, before and after an upload', async () => {
    const answer = {
      workspace_path: sender.workspace,
      collection_name: null,
      last_sequence: 0,
      last_upload: null,
      pending_operations: 0,
      status: 'ready',
      server_info: {
        name: 'ce-delta',
        version: '1.2.3',
        max_bundle_size_mb: 256,
        supported_formats: ['tar.gz'],
        abilities: ['tree-listing', 'moves-without-content', 'proof-by-tree', 'strict-sequence', 'early-uploads'],
        limits: { compressed_bytes: 2 ** 28, uncompressed_bytes: 2 ** 32, members: 600_000, path_bytes: 4095 },
      },
      tree: sender.tree,
      last_bundle_id: null,
      mirror: placeIn(server).mirror.directory,
    }
    expect(await statusOf(server)).toMatchObject({ status: 200, body: answer })
    const bundle = await sender.bundle([created('a', '1')])
    await upload(server, bundle)
    const after = {
      collection_name: 'project',
      last_sequence: 1,
      last_upload: '2025-02-01T00:00:00.000Z',
      tree: bundle.tree,
      last_bundle_id: bundle.id,
    }
    expect((await statusOf(server)).body).toEqual({ ...answer, ...after })
  })

  test.each([
    '',
    '?workspace_path=',
    '?workspace_path=a%00b',
    `?workspace_path=${'x'.repeat(4097)}`,
    '?workspace_path=a&workspace_path=b',
  ])('status%s is a bad request', async (query) => {
    const answer = await answerOf(await fetch(`${server.url}/api/v1/delta/status${query}`))
    expect(answer).toMatchObject({ status: 400, body: { detail: expect.any(String), error: { code: 'BAD_REQUEST' } } })
  })

  test('an upload, and the same again', async () => {
    const bundle = await sender.bundle([created('a', '1'), created('b', '2')])
    const expected = {
      success: true,
      bundle_id: bundle.id,
      sequence_number: 1,
      processed_operations: { created: 2, updated: 0, deleted: 0, moved: 0, skipped: 0, failed: 0 },
      processing_time_ms: expect.any(Number),
      next_sequence: 2,
      error: null,
      tree: bundle.tree,
      mirror: placeIn(server).mirror.directory,
      replayed: false,
    }
    expect((await upload(server, bundle, { sequence_number: '1' })).body).toEqual(expected)
    expect((await upload(server, bundle, { sequence_number: '1' })).body).toEqual({ ...expected, replayed: true })
    expect(server.events).toEqual([
      {
        event: 'applied',
        workspace_path: sender.workspace,
        sequence: 1,
        bundle_id: bundle.id,
        tree: bundle.tree,
        operations: { created: 2, updated: 0, deleted: 0, moved: 0 },
        bytes: bundle.bytes,
        duration_ms: expect.any(Number),
        replayed: false,
      },
      expect.objectContaining({ event: 'applied', replayed: true }),
    ])
    expect(await spool()).toEqual([])
    await expectExactly(server, sender.files)
  })

  test('the listing of the tree is what git lists', async () => {
    expect(await treeOf(server)).toEqual([{ tree: sender.tree, sequence: 0, files: 0 }])
    const many = Array.from({ length: 1500 }, (_, n) => created(`folder ${n % 9}/ä${n}`, `${n}`))
    const bundle = await sender.bundle([created('new\nline', '1'), ...many])
    await upload(server, bundle)
    const listed = (await git(placeIn(server).gitDirectory, '--git-dir=.', 'ls-tree', '-rz', bundle.tree))
      .split('\0')
      .filter(Boolean)
    const files = listed.map((line) => ({ path: line.slice(53), blob: line.slice(12, 52) }))
    expect(await treeOf(server)).toEqual([{ tree: bundle.tree, sequence: 1, files: 1501 }, ...files])
  })

  test('a sequence that does not fit is told with HTTP 200, as real servers do', async () => {
    await upload(server, await sender.bundle([created('a', '1')]))
    const late = await sender.bundle([updated('a', '2')], { sequence: 5 })
    expect(await upload(server, late)).toMatchObject({
      status: 200,
      body: {
        ...FAILED,
        error: {
          code: 'SEQUENCE_MISMATCH',
          message: expect.any(String),
          expected_sequence: 2,
          received_sequence: 5,
          retry_after: 5000,
        },
      },
    })
    expect((await upload(server, late, { force: 'yes' })).body).toMatchObject({ success: true, sequence_number: 5 })
  })

  test('the fields come in any order, unknown ones and empty ones count for nothing', async () => {
    const bundle = await sender.bundle([created('a', '1')])
    const form = new FormData()
    for (const [name, value] of Object.entries({
      session: 'x',
      force: '',
      sequence_number: '',
      collection_name: 'mine',
    }))
      form.set(name, value)
    const source = await formOf(bundle)
    for (const name of ['bundle', 'workspace_path']) form.append(name, source.get(name) ?? '')
    const answer = await answerOf(await fetch(`${server.url}/api/v1/delta/upload/`, { method: 'POST', body: form }))
    expect(answer.body).toMatchObject({ success: true, sequence_number: 1 })
    expect((await statusOf(server)).body).toMatchObject({ collection_name: 'mine' })
  })

  test('a move without content is proven like everything else', async () => {
    await upload(server, await sender.bundle([created('a', 'same')]))
    expect((await upload(server, await sender.bundle([moved('a', 'b/c', true)]))).body).toMatchObject({
      tree: sender.tree,
    })
    await expectExactly(server, sender.files)
  })

  test('another address', async () => {
    const answer = await answerOf(await fetch(`${server.url}/api/v1/delta/plan`, { method: 'POST' }))
    expect(answer).toMatchObject({ status: 404, body: { detail: expect.any(String) } })
  })
})
