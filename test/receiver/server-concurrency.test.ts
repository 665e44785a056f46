import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, describe, expect, test } from '@jest/globals'
import { created, Sender, updated } from '../helpers/bundles.js'
import { everythingBelow, expectExactly, holdWorkspace, placeIn } from '../helpers/receivers.js'
import { formOf, statusOf, type TestServer, testServer, upload } from '../helpers/servers.js'

let server: TestServer

beforeEach(async () => {
  server = await testServer()
})

describe('faults.md row 97: many at once', () => {
  test('the same bundle ten times: one effect', async () => {
    const sender = new Sender()
    const bundle = await sender.bundle([created('a', '1'), created('b/c', '2')])
    const answers = await Promise.all(Array.from({ length: 10 }, () => upload(server, bundle)))
    expect(answers.map(({ body }) => body)).toEqual(
      answers.map(() => expect.objectContaining({ success: true, sequence_number: 1, tree: bundle.tree })),
    )
    const replays = server.events.filter((event) => event.event === 'applied' && event.replayed)
    expect(replays).toHaveLength(9)
    await expectExactly(server, sender.files)
  })

  test('different bundles with the same number: one is taken, the others are conflicts', async () => {
    const bundles = await Promise.all(
      Array.from({ length: 5 }, (_, n) => new Sender().bundle([created(`f${n}`, `${n}`)])),
    )
    const answers = await Promise.all(bundles.map((bundle) => upload(server, bundle)))
    const outcomes = answers
      .map(({ body }) => JSON.stringify(body))
      .map((text) => (text.includes('SEQUENCE_MISMATCH') ? 'conflict' : 'taken'))
    expect(outcomes.sort()).toEqual(['conflict', 'conflict', 'conflict', 'conflict', 'taken'])
    expect((await statusOf(server)).body).toMatchObject({ last_sequence: 1 })
  })

  test('workspaces do not wait for each other', async () => {
    const release = await holdWorkspace(server, '/slow')
    const slow = new Sender('/slow')
    const waiting = upload(server, await slow.bundle([created('a', '1')]))
    const quick = await Promise.all(
      ['/1', '/2', '/3', '/4'].map(async (path) => {
        const sender = new Sender(path)
        const answer = await upload(server, await sender.bundle([created('a', path)]))
        expect(answer.body).toMatchObject({ success: true })
        return sender
      }),
    )
    expect((await statusOf(server, '/slow')).body).toMatchObject({ status: 'processing', last_sequence: 0 })
    expect((await statusOf(server, '/1')).body).toMatchObject({ status: 'ready', last_sequence: 1 })
    await release()
    expect((await waiting).body).toMatchObject({ success: true })
    expect((await statusOf(server, '/slow')).body).toMatchObject({ status: 'ready', last_sequence: 1 })
    for (const sender of [slow, ...quick]) await expectExactly(server, sender.files, sender.workspace)
  })

  test('too many at once: the others are told to come again', async () => {
    const release = await holdWorkspace(server)
    const bundle = await new Sender().bundle([created('a', '1')])
    const waiting = Array.from({ length: 16 }, () => upload(server, bundle))
    await sleep(1000)
    const answer = await upload(server, bundle)
    expect(answer).toMatchObject({ status: 503, body: { success: false, error: { code: 'BUSY', retry_after: 5000 } } })
    expect(answer.headers.get('retry-after')).toBe('5')
    await release()
    for (const { body } of await Promise.all(waiting)) expect(body).toMatchObject({ success: true })
  })

  test('a reader of the mirror sees the old bytes of a file or the new ones, never a mix', async () => {
    const sender = new Sender()
    const big = (letter: string): string => letter.repeat(300_000)
    await upload(server, await sender.bundle([created('big', big('a'))]))
    const path = join(placeIn(server).mirror.directory, 'big')
    const seen = new Set<string>()
    let reading = true
    const reader = (async () => {
      while (reading) {
        const text = await readFile(path, 'utf8')
        seen.add(`${text.length} ${[...new Set(text)].join('')}`)
      }
    })()
    for (const letter of 'bcde') await upload(server, await sender.bundle([updated('big', big(letter))]))
    reading = false
    await reader
    for (const state of seen) expect(state).toMatch(/^300000 [abcde]$/)
  })
})

test('closing finishes the upload that is running, and takes no other', async () => {
  const sender = new Sender()
  const release = await holdWorkspace(server)
  const waiting = upload(server, await sender.bundle([created('a', '1')]))
  await sleep(500)
  const closing = server.close()
  await sleep(100)
  const late = { method: 'POST', body: await formOf(await new Sender('/late').bundle([])) }
  await expect(fetch(`${server.url}/api/v1/delta/upload`, late)).rejects.toThrow('fetch failed')
  await release()
  expect((await waiting).body).toMatchObject({ success: true })
  await closing
  expect((await everythingBelow(server.data)).filter((path) => path.startsWith('spool'))).toEqual([])
  await expectExactly(server, sender.files)
})
