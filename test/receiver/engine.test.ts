import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from '@jest/globals'
import { created, deleted, moved, Sender, type Step, updated } from '../helpers/bundles.js'
import { codeOf, expectExactly, placeIn, type TestReceiver, testReceiver } from '../helpers/receivers.js'
import { HOSTILE_NAMES } from '../helpers/trees.js'
import { git } from '../helpers/workspace.js'

let receiver: TestReceiver
let sender: Sender

beforeEach(async () => {
  receiver = await testReceiver()
  sender = new Sender()
})

async function send(...steps: Step[]): Promise<void> {
  const bundle = await sender.bundle(steps)
  const answer = await receiver.engine.apply(bundle)
  expect(answer).toMatchObject({ bundleId: bundle.id, sequence: sender.sequence, tree: bundle.tree, isReplay: false })
  await expectExactly(receiver, sender.files)
}

const BINARY = Uint8Array.from({ length: 100_000 }, (_, at) => (at * 7919) % 256)

describe('a bundle is applied', () => {
  test('the first one makes the workspace', async () => {
    await send(created('a.txt', 'one\r\n'), created('src/deep/b.bin', BINARY), created('empty', ''))
    expect(await receiver.engine.status(sender.workspace)).toEqual({
      workspacePath: sender.workspace,
      collectionName: 'project',
      sequence: 1,
      tree: sender.tree,
      lastBundleId: expect.any(String),
      lastUpload: '2025-02-01T00:00:00.000Z',
      pendingOperations: 0,
      mirror: placeIn(receiver).mirror.directory,
      isMirrorBehind: false,
      isMirrorFollowing: false,
    })
  })

  test('a workspace that was never heard of is empty', async () => {
    const status = await receiver.engine.status('/nowhere')
    expect(status).toMatchObject({ sequence: 0, tree: sender.tree, lastBundleId: null, lastUpload: null })
    expect(await receiver.engine.list('/nowhere')).toEqual({ tree: sender.tree, sequence: 0, files: [] })
  })

  test.each<[string, Step[], Step[]]>([
    ['a file changes', [created('a', '1'), created('b', '2')], [updated('a', '3')]],
    ['a file that is there is created again', [created('a', '1')], [created('a', '2')]],
    ['the last file goes', [created('a/b', '1')], [deleted('a/b')]],
    ['a file becomes a folder', [created('a', '1')], [deleted('a'), created('a/b', '2'), created('a/c/d', '3')]],
    [
      'a folder becomes a file',
      [created('a/b', '1'), created('a/c', '2')],
      [deleted('a/c'), deleted('a/b'), created('a', '3')],
    ],
    ['two files are swapped', [created('a', '1'), created('b', '2')], [updated('a', '2'), updated('b', '1')]],
    ['a move with its content', [created('a', 'same'), created('x', 'x')], [moved('a', 'b/c')]],
    ['a move without its content', [created('a', 'same'), created('x', 'x')], [moved('a', 'b/c', true)]],
    ['a move over a file', [created('a', '1'), created('b', '2')], [moved('a', 'b', true)]],
    [
      'a whole folder is deleted',
      [created('a/b/1', '1'), created('a/b/2', '2'), created('c', '3')],
      [deleted('a/b/1'), deleted('a/b/2')],
    ],
    ['only the name’s case changes', [created('README', '1')], [moved('README', 'readme', true)]],
  ])('%s', async (_, before, after) => {
    await send(...before)
    await send(...after)
  })

  test('many files, more than git keeps loose, and a chain of bundles', async () => {
    await send(...Array.from({ length: 300 }, (_, n) => created(`d${n % 7}/f${n}`, `content ${n % 50}`)))
    await send(...Array.from({ length: 100 }, (_, n) => updated(`d${n % 7}/f${n}`, `new ${n}`)))
    await send(...Array.from({ length: 150 }, (_, n) => deleted(`d${n % 7}/f${n}`)))
    await git(placeIn(receiver).gitDirectory, '--git-dir=.', 'fsck', '--strict')
  })

  test('no file of the mirror is executable, and nothing else lies beside it', async () => {
    await send(created('run.sh', '#!/bin/sh\n'))
    expect((await stat(join(placeIn(receiver).mirror.directory, 'run.sh'))).mode & 0o111).toBe(0)
  })

  test('an empty bundle counts', async () => {
    await send(created('a', '1'))
    await send()
  })
})

describe('names', () => {
  test('faults.md row 45: files of the user’s that are named like the protocol', async () => {
    const names = [
      'manifest.json',
      'metadata/operations.json',
      'metadata/hashes.json',
      'metadata/git_history.json',
      'files/created/x',
    ]
    await send(
      ...names.map((name) => created(name, `the user's ${name}`)),
      created('files/created/manifest.json', '{}'),
    )
    await send(...names.map((name) => updated(name, `again ${name}`)))
    await send(moved('manifest.json', 'files/moved/manifest.json', true), deleted('metadata/hashes.json'))
  })

  test('faults.md row 48: __proto__ and other names of JavaScript', async () => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'a/__proto__/b']
    await send(...names.map((name) => created(name, name)))
    await send(moved('__proto__', 'valueOf', true), updated('constructor', '2'), deleted('toString'))
  })

  test('faults.md row 39: hostile names, byte for byte', async () => {
    const names = HOSTILE_NAMES.filter((name) => name !== '__proto__')
    await send(...names.flatMap((name) => [created(name, `1 ${name}`), created(`in ${name}/${name}`, `2 ${name}`)]))
    await send(...names.map((name, at) => moved(name, `moved ${at}`, at % 2 === 0)))
    await send(...names.map((name, at) => moved(`moved ${at}`, `${name}/${name}`, at % 2 === 1)))
  })

  test('faults.md row 43: long names', async () => {
    const long = 'n'.repeat(255)
    const names = [
      'é'.repeat(127),
      `f${long.slice(1)}`,
      `${long}/${long}`,
      `${'d/'.repeat(60)}${'x'.repeat(99)}`,
      `${`e${long.slice(1)}/`.repeat(12)}end`,
    ]
    await send(...names.map((name, at) => created(name, `${at}`)))
    await send(...names.map((name, at) => updated(name, `again ${at}`)))
  })
})

describe('the sequence', () => {
  test('faults.md row 63: the same bundle again, as after a lost answer, has no second effect', async () => {
    const bundle = await sender.bundle([created('a', '1')])
    const first = await receiver.engine.apply(bundle)
    expect(await receiver.engine.apply(bundle)).toEqual({ ...first, isReplay: true })
    expect(await receiver.engine.apply({ ...bundle, force: true })).toEqual({ ...first, isReplay: true })
    expect((await receiver.engine.status(sender.workspace)).sequence).toBe(1)
  })

  test.each([undefined, null])(
    'faults.md row 80: an old bundle that arrives late changes nothing (number %s)',
    async (number) => {
      const options = number === undefined ? {} : { sequence: number }
      const old = await sender.bundle([created('a', '1')], options)
      const first = await receiver.engine.apply(old)
      await receiver.engine.apply(await sender.bundle([updated('a', '2')], options))
      await receiver.engine.apply(await sender.bundle([deleted('a'), created('b', '1')], options))
      expect(await receiver.engine.apply(old)).toEqual({ ...first, isReplay: true })
      expect((await receiver.engine.status(sender.workspace)).sequence).toBe(3)
      await expectExactly(receiver, sender.files)
    },
  )

  test.each([
    [1, 1],
    [1, 3],
    [1, 0],
  ])('after %i, another bundle with the number %i is a conflict with the facts', async (last, received) => {
    await send(created('a', '1'))
    const wrong = await sender.bundle([updated('a', '2')], { sequence: received })
    await expect(receiver.engine.apply(wrong)).rejects.toMatchObject({
      code: 'conflict',
      facts: { expected: last + 1, received },
    })
    await expectExactly(receiver, new Map([['a', '1']]))
  })

  test('forced, a bundle is taken whatever its number, and numbers never go back', async () => {
    await send(created('a', '1'))
    expect(
      (await receiver.engine.apply(await sender.bundle([updated('a', '2')], { sequence: 9, force: true }))).sequence,
    ).toBe(9)
    const low = await sender.bundle([updated('a', '3')], { sequence: 2, force: true })
    expect((await receiver.engine.apply(low)).sequence).toBe(10)
    expect((await receiver.engine.apply(low)).isReplay).toBe(true)
    await expectExactly(receiver, sender.files)
  })

  test('the form and the manifest must not disagree about it', async () => {
    const bundle = await sender.bundle([created('a', '1')], { sequence: 7 })
    expect(await codeOf(receiver.engine.apply(bundle))).toBe('conflict')
    expect(await codeOf(receiver.engine.apply({ ...bundle, sequence: 1 }))).toBe('bundle-refused')
  })
})
