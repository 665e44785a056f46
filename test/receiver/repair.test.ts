import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeEach, describe, expect, test } from '@jest/globals'
import { created, deleted, Sender, updated } from '../helpers/bundles.js'
import { engineOn, expectExactly, noteMirror, placeIn, type TestReceiver, testReceiver } from '../helpers/receivers.js'
import { git, readTree, temporaryDirectory, writeTree } from '../helpers/workspace.js'

let receiver: TestReceiver
let sender: Sender
let mirror: string
let repository: string

beforeEach(async () => {
  receiver = await testReceiver()
  sender = new Sender()
  const files = [created('a', '1'), created('dir/b', '2'), created('dir/sub/c', '3'), created('gone', '4')]
  await receiver.engine.apply(await sender.bundle(files))
  await receiver.engine.apply(await sender.bundle([updated('a', 'one'), deleted('gone'), created('new/d', '5')]))
  mirror = placeIn(receiver).mirror.directory
  repository = placeIn(receiver).gitDirectory
})

/** As after a restart: what a start does, then what an upload does. */
async function expectRepaired(): Promise<void> {
  expect(await engineOn(receiver).repairAll()).toEqual([sender.workspace])
  await expectExactly(receiver, sender.files)
  await receiver.engine.apply(await sender.bundle([updated('dir/b', 'after the repair')]))
  await expectExactly(receiver, sender.files)
  expect((await readTree(placeIn(receiver).directory)).has('incoming')).toBe(false)
}

describe('faults.md row 86: what a killed receiver left is mended at the next start', () => {
  test('a checkout that outlived it, and still writes', async () => {
    const { staging } = placeIn(receiver).mirror
    await mkdir(staging)
    const code = `
      const { mkdirSync, writeFileSync } = require('node:fs')
      process.stdout.write('begun')
      for (const end = Date.now() + 700; Date.now() < end; ) {
        const folder = String(Math.random())
        try { mkdirSync(folder); for (let n = 0; n < 20; n++) writeFileSync(folder + '/' + n, '') } catch { break }
      }`
    const orphan = spawn(process.execPath, ['-e', code], { cwd: staging, stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = once(orphan, 'close')
    await once(orphan.stdout, 'data')
    await expectRepaired()
    await ended
  })

  test('an import that was half done', async () => {
    const { incoming } = placeIn(receiver)
    await writeTree(incoming, { 'x/objects/pack/tmp_pack_1': 'half', 'x/HEAD': 'ref: x\n' })
    await expectRepaired()
  })

  test('a commit whose mirror was not begun', async () => {
    await noteMirror(placeIn(receiver), await git(repository, 'rev-parse', 'refs/heads/main^'))
    await writeTree(mirror, { a: '1', gone: '4' })
    await rm(join(mirror, 'new'), { recursive: true })
    await expectRepaired()
  })

  test('a commit whose mirror was half done, mended by the next upload without a restart', async () => {
    await rm(placeIn(receiver).mirrorNote)
    await rm(join(mirror, 'new'), { recursive: true })
    expect(await receiver.engine.status(sender.workspace)).toMatchObject({ isMirrorBehind: true, pendingOperations: 7 })
    await receiver.engine.apply(await sender.bundle([created('z', 'z')]))
    await expectExactly(receiver, sender.files)
  })

  test('staging, locks and temporary files', async () => {
    await writeTree(placeIn(receiver).mirror.staging, { 'a/b': 'half' })
    const locks = ['HEAD.lock', 'refs/heads/main.lock', 'staging.index.lock', 'mirror.index.lock']
    await writeTree(repository, Object.fromEntries(locks.map((lock) => [lock, ''])))
    await expectRepaired()
  })

  test('a workspace that was half made', async () => {
    const place = placeIn(receiver, '/half')
    await mkdir(join(place.gitDirectory, 'refs'), { recursive: true })
    await expectRepaired()
    const half = new Sender('/half')
    await receiver.engine.apply(await half.bundle([created('x', '1')]))
    await expectExactly(receiver, half.files, '/half')
  })

  test('a lock of a process that is dead', async () => {
    const lock = { nonce: 'x', pid: 2 ** 22 + 1, started: '1', boot: 'other', host: 'this', since: '2025' }
    await writeFile(placeIn(receiver).lock, JSON.stringify({ ...lock, host: (await import('node:os')).hostname() }))
    await expectRepaired()
  })
})

describe('the mirror is exact after a start, whatever was done to it', () => {
  test('files changed, added and removed, folders emptied and filled', async () => {
    await writeTree(mirror, {
      a: 'tampered',
      'stray/x/y': 'stray',
      'dir/stray': 'stray',
      '.git/config': '[core]',
      'dir/.git/HEAD': 'x',
    })
    await rm(join(mirror, 'new'), { recursive: true })
    await mkdir(join(mirror, 'empty', 'folder'), { recursive: true })
    await expectRepaired()
    await expect(stat(join(mirror, 'empty'))).rejects.toThrow('ENOENT')
  })

  test('the same size and the same time, other bytes', async () => {
    const { atime, mtime } = await stat(join(mirror, 'a'))
    await writeFile(join(mirror, 'a'), 'two')
    await (await import('node:fs/promises')).utimes(join(mirror, 'a'), atime, mtime)
    await expectRepaired()
  })

  test('a file replaced by a folder, a folder by a file', async () => {
    await rm(join(mirror, 'a'))
    await writeTree(mirror, { 'a/x': 'x' })
    await rm(join(mirror, 'dir'), { recursive: true })
    await writeFile(join(mirror, 'dir'), 'x')
    await expectRepaired()
  })

  test('the mirror deleted', async () => {
    await rm(mirror, { recursive: true })
    await expectRepaired()
  })

  test('all mirrors deleted, then an upload without a restart', async () => {
    await rm(receiver.mirrors, { recursive: true })
    await receiver.engine.apply(await sender.bundle([created('z', 'z')]))
    await expectExactly(receiver, sender.files)
  })

  test('something that is no file: a FIFO', async () => {
    await rm(join(mirror, 'a'))
    await promisify(execFile)('mkfifo', [join(mirror, 'a'), join(mirror, 'dir', 'pipe')])
    await expectRepaired()
  })

  test('what is right is not written again', async () => {
    const before = await stat(join(mirror, 'dir/b'))
    await writeFile(join(mirror, 'a'), 'tampered')
    await engineOn(receiver).repairAll()
    expect((await stat(join(mirror, 'dir/b'))).ino).toBe(before.ino)
    await expectExactly(receiver, sender.files)
  })
})

describe('faults.md row 92: links planted inside the mirror', () => {
  test('at the start they are removed and not followed', async () => {
    const outside = await temporaryDirectory()
    await writeTree(outside, { b: 'outside', 'sub/c': 'outside', target: 'outside' })
    await rm(join(mirror, 'dir'), { recursive: true })
    await symlink(outside, join(mirror, 'dir'))
    await rm(join(mirror, 'a'))
    await symlink(join(outside, 'target'), join(mirror, 'a'))
    await symlink(outside, join(mirror, 'extra'))
    await expectRepaired()
    expect(Object.fromEntries(await readTree(outside))).toEqual({
      b: Buffer.from('outside'),
      'sub/c': Buffer.from('outside'),
      target: Buffer.from('outside'),
    })
  })

  test('during an upload nothing is written or removed through them', async () => {
    const outside = await temporaryDirectory()
    await writeTree(outside, { b: 'outside', 'sub/c': 'outside', target: 'outside' })
    await rm(join(mirror, 'dir'), { recursive: true })
    await symlink(outside, join(mirror, 'dir'))
    await rm(join(mirror, 'a'))
    await symlink(join(outside, 'target'), join(mirror, 'a'))
    const steps = [updated('a', 'two'), updated('dir/b', 'new'), deleted('dir/sub/c'), created('dir/e', '6')]
    await receiver.engine.apply(await sender.bundle(steps))
    expect(await readFile(join(outside, 'target'), 'utf8')).toBe('outside')
    expect([...(await readTree(outside)).keys()]).toEqual(['b', 'sub/c', 'target'])
    await expectExactly(receiver, sender.files)
  })

  test('the mirror itself replaced by a link', async () => {
    const outside = await temporaryDirectory()
    await writeTree(outside, { a: 'outside' })
    await rm(mirror, { recursive: true })
    await symlink(outside, mirror)
    await expectRepaired()
    expect(await readFile(join(outside, 'a'), 'utf8')).toBe('outside')
  })
})
