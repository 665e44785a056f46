import { rm } from 'node:fs/promises'
import { beforeEach, describe, expect, test } from '@jest/globals'
import { created, deleted, Sender, updated } from '../helpers/bundles.js'
import {
  engineOn,
  everythingBelow,
  expectExactly,
  holdMirror,
  noteMirror,
  placeIn,
  testReceiver,
} from '../helpers/receivers.js'
import { statusOf, testServer, upload } from '../helpers/servers.js'
import { git, readTree, writeTree } from '../helpers/workspace.js'

let sender: Sender

beforeEach(() => {
  sender = new Sender()
})

describe('where more bundles follow, nobody waits for the mirror but the last one', () => {
  test('it follows all of them at once', async () => {
    const receiver = await testReceiver()
    const release = await holdMirror(receiver)
    const apply = async (...operations: Parameters<Sender['bundle']>[0]) =>
      await receiver.engine.apply({ ...(await sender.bundle(operations)), moreFollow: true })
    await apply(created('a', '1'), created('b/c', '2'))
    await apply(updated('a', 'one'), deleted('b/c'), created('d', '3'))
    expect(await receiver.engine.status(sender.workspace)).toMatchObject({
      sequence: 2,
      pendingOperations: 5,
      isMirrorBehind: true,
      isMirrorFollowing: true,
    })
    const last = receiver.engine.apply(await sender.bundle([created('e/f', '4')]))
    await release()
    await last
    await expectExactly(receiver, sender.files)
    expect(await receiver.engine.status(sender.workspace)).toMatchObject({ isMirrorFollowing: false })
  })

  test('over HTTP: what is not in the mirror yet is told', async () => {
    const server = await testServer()
    const release = await holdMirror(server)
    const bundle = await sender.bundle([created('a', '1'), created('b', '2')])
    const answer = await upload(server, bundle, { more_follow: 'true' })
    expect(answer.body).toMatchObject({ success: true, sequence_number: 1, tree: bundle.tree })
    expect((await statusOf(server)).body).toMatchObject({
      last_sequence: 1,
      pending_operations: 2,
      status: 'processing',
    })
    await release()
    await server.engine.mirrored(sender.workspace)
    expect((await statusOf(server)).body).toMatchObject({ pending_operations: 0, status: 'ready' })
    await expectExactly(server, sender.files)
  })
})

test('two processes apply in turn: the mirror never goes back', async () => {
  const receiver = await testReceiver()
  const engines = [receiver.engine, engineOn(receiver)]
  for (let turn = 0; turn < 6; turn++) {
    const bundle = await sender.bundle([turn === 0 ? created('a', '0') : updated('a', `${turn}`)])
    await engines[turn % 2]?.apply({ ...bundle, moreFollow: turn % 3 !== 0 })
  }
  await Promise.all(engines.map((engine) => engine.mirrored(sender.workspace)))
  await expectExactly(receiver, sender.files)
})

test('killed between the commit and the mirror: only what is new is written', async () => {
  const receiver = await testReceiver()
  await receiver.engine.apply(await sender.bundle([created('a', '1'), created('b', '2')]))
  const place = placeIn(receiver)
  const before = await git(place.gitDirectory, 'rev-parse', 'refs/heads/main')
  const release = await holdMirror(receiver)
  await receiver.engine.apply({ ...(await sender.bundle([updated('a', 'one')])), moreFollow: true })
  expect((await readTree(place.mirror.directory)).get('a')?.toString()).toBe('1')
  await noteMirror(place, before)
  expect(await receiver.engine.status(sender.workspace)).toMatchObject({ pendingOperations: 1, isMirrorBehind: true })
  await release()
  await engineOn(receiver).catchUp(sender.workspace)
  await receiver.engine.mirrored(sender.workspace)
  await expectExactly(receiver, sender.files)
})

test('killed when all was in the mirror but what was made ready for it: that is cleared', async () => {
  const receiver = await testReceiver()
  await receiver.engine.apply(await sender.bundle([created('a', '1'), created('b', '2')]))
  const { mirror, mirrorNote, gitDirectory } = placeIn(receiver)
  await writeTree(mirror.staging, { 'new/a': 'half' })
  await writeTree(gitDirectory, { 'staging.index': 'half', 'staging.index.lock': '', 'mirror.index': 'half' })
  await rm(mirrorNote)
  await engineOn(receiver).catchUp(sender.workspace)
  await expectExactly(receiver, sender.files)
  const left = [...(await everythingBelow(receiver.data)), ...(await everythingBelow(receiver.mirrors))]
  expect(left.filter((name) => /staging|mirror\.index/.test(name))).toEqual([])
})
