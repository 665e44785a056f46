import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from '@jest/globals'
import { FolderNotes } from '../../src/triggers/watch/folder-notes.js'
import { type FolderWatcher, watchFailure } from '../../src/triggers/watch/folder-watcher.js'
import { folderWatcher } from '../../src/triggers/watch/watch-folders.js'
import { deltas, expectCopied, isEqual, startWatch, type Watching } from '../helpers/watching.js'
import { gitRepository, temporaryDirectory, writeTree } from '../helpers/workspace.js'

const open: FolderWatcher[] = []

afterEach(() => {
  for (const watcher of open.splice(0)) watcher.close()
})

async function watched(root: string, leftOut: readonly string[] = [], noteFile?: string) {
  const seen: (string | null)[] = []
  const folders = new Set(leftOut.map((name) => join(root, name)))
  const watcher = folderWatcher({
    root,
    leftOut: folders,
    noteFile: noteFile ?? join(await temporaryDirectory(), 'note.json'),
    onChange: (path) => seen.push(path),
    onFailure: (error) => {
      throw error
    },
  })
  open.push(watcher)
  await watcher.begin()
  return {
    watcher,
    /** Does something, and waits until this path was told. */
    async tells(work: () => Promise<unknown>, path: string) {
      seen.splice(0)
      await work()
      const deadline = performance.now() + 20_000
      while (!seen.includes(join(root, path))) {
        if (performance.now() > deadline) throw new Error(`${path} was not told, but ${seen.join(', ')}`)
        await sleep(5)
      }
    },
    seen,
  }
}

/** Longer than the steps in which any file system counts. */
const LONG_AGO = 2100

describe('FolderNotes', () => {
  async function folderWithNote(content?: string) {
    const root = await temporaryDirectory()
    const file = join(await temporaryDirectory(), 'note.json')
    await mkdir(join(root, 'inside'))
    if (content !== undefined) await writeFile(file, content)
    let isRead = false
    const read = () => {
      isRead = true
      return ['inside']
    }
    /** Whether another run of the program, at some time from now, reads the folder. */
    const reads = async (later: number) => {
      const notes = await FolderNotes.recall(file, Date.now() + later)
      isRead = false
      expect(notes.inside(root, read)).toEqual(['inside'])
      await notes.write()
      return isRead
    }
    return { root, reads }
  }

  test('a folder in which nothing came or went is not read again', async () => {
    const { root, reads } = await folderWithNote()
    expect([await reads(LONG_AGO), await reads(0), await reads(0)]).toEqual([true, false, false])
    const { atime, mtime } = await stat(root)
    await sleep(20)
    await mkdir(join(root, 'other'))
    // Like a program that unpacks, and gives folders the time that they had.
    await utimes(root, atime, mtime)
    expect([await reads(LONG_AGO), await reads(0)]).toEqual([true, false])
  })

  test('one that changed a moment ago is: it may still change within its time', async () => {
    const { reads } = await folderWithNote()
    expect([await reads(0), await reads(0)]).toEqual([true, true])
  })

  test('one that came to the place of another is', async () => {
    const { root, reads } = await folderWithNote()
    expect(await reads(LONG_AGO)).toBe(true)
    await rename(root, `${root}-away`)
    await mkdir(join(root, 'inside'), { recursive: true })
    expect(await reads(LONG_AGO)).toBe(true)
  })

  test.each(['', '[]', '{"', 'null', '{"/":7}'])('a note that cannot be understood is none: %j', async (content) => {
    const { reads } = await folderWithNote(content)
    expect([await reads(LONG_AGO), await reads(0)]).toEqual([true, false])
  })
})

describe('folderWatcher', () => {
  test('tells of files in every folder, also in those that come later', async () => {
    const root = await temporaryDirectory()
    await mkdir(join(root, 'one/two'), { recursive: true })
    const { tells } = await watched(root)
    await tells(() => writeFile(join(root, 'a'), ''), 'a')
    await tells(() => writeFile(join(root, 'one/two/b'), ''), 'one/two/b')
    await tells(() => mkdir(join(root, 'three/four'), { recursive: true }), 'three')
    await sleep(100)
    await tells(() => writeFile(join(root, 'three/four/c'), ''), 'three/four/c')
    await tells(() => rename(join(root, 'three'), join(root, 'five')), 'five')
    await sleep(100)
    await tells(() => writeFile(join(root, 'five/four/c'), 'again'), 'five/four/c')
    await tells(() => rm(join(root, 'five'), { recursive: true }), 'five')
    await tells(() => writeTree(root, { 'five/four/c': 'new' }), 'five')
    await sleep(100)
    await tells(() => writeFile(join(root, 'five/four/d'), ''), 'five/four/d')
  })

  test('tells nothing of folders that are left out', async () => {
    const root = await temporaryDirectory()
    await writeTree(root, { 'build/a': '', '.git/a': '', 'nested/.git/a': '', 'src/a': '' })
    const { tells, seen } = await watched(root, ['build'])
    await writeTree(root, { 'build/b': '', '.git/b': '', 'nested/.git/b': '', 'build/new/c': '' })
    await tells(() => writeFile(join(root, 'src/a'), 'now'), 'src/a')
    expect(new Set(seen)).toEqual(new Set([join(root, 'src/a')]))
  })

  test('finds folders that it was not told of, and those that came to the place of others', async () => {
    const root = await temporaryDirectory()
    await writeTree(root, { 'one/two/a': '' })
    const { watcher, tells } = await watched(root)
    expect(await watcher.lookAgain()).toBe(false)
    // Nothing is told before the look begins.
    rmSync(join(root, 'one'), { recursive: true })
    for (const path of ['one/two', 'three']) mkdirSync(join(root, path), { recursive: true })
    expect(await watcher.lookAgain()).toBe(true)
    await tells(() => writeFile(join(root, 'one/two/b'), ''), 'one/two/b')
    await tells(() => writeFile(join(root, 'three/c'), ''), 'three/c')
    expect(await watcher.lookAgain()).toBe(false)
  })

  test('sees what came, went and was replaced since the note that an earlier one left', async () => {
    const root = await temporaryDirectory()
    const noteFile = join(await temporaryDirectory(), 'note.json')
    for (const path of ['same/inside', 'fuller/inside', 'gone/inside', 'other/inside', 'build/inside'])
      await mkdir(join(root, path), { recursive: true })
    await sleep(LONG_AGO)
    ;(await watched(root, ['build'], noteFile)).watcher.close()
    await mkdir(join(root, 'fuller/new/newer'), { recursive: true })
    await rm(join(root, 'gone'), { recursive: true })
    await rename(join(root, 'other'), join(root, 'moved'))
    await mkdir(join(root, 'other/unlike'), { recursive: true })
    const { tells, watcher } = await watched(root, [], noteFile)
    for (const folder of ['same', 'same/inside', 'fuller/new/newer', 'moved/inside', 'other/unlike', 'build/inside'])
      await tells(() => writeFile(join(root, folder, 'file'), ''), `${folder}/file`)
    expect(await watcher.lookAgain()).toBe(false)
  })

  test('a folder that cannot be read is no obstacle', async () => {
    const root = await temporaryDirectory()
    await mkdir(join(root, 'locked'), { mode: 0 })
    const { tells } = await watched(root)
    await tells(() => writeFile(join(root, 'a'), ''), 'a')
  })

  test.each([
    ['ENOSPC', /max_user_watches/],
    ['EMFILE', /max_user_instances/],
  ])('%s is told as the limit that it is, with how to raise it', async (code, limit) => {
    const error = watchFailure(Object.assign(new Error('no'), { code }))
    expect(error).toMatchObject({ code: 'watch-failed', facts: { system_code: code } })
    expect(error.next).toMatch(limit)
    const [, setting = '', value] = /sysctl (\S+)=(\d+) /.exec(error.next) ?? []
    const current = await readFile(`/proc/sys/${setting.replaceAll('.', '/')}`, 'utf8').catch(() => '0')
    expect(Number(value)).toBeGreaterThan(Number(current))
  })
})

/** A user namespace has limits of its own; a machine may not allow one. */
const canLimit = ((): boolean => {
  try {
    execFileSync('unshare', ['-rU', 'sh', '-c', 'echo 2 > /proc/sys/user/max_inotify_watches'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()

/** A watch under a limit of the system; where no limit can be set, one that was told to poll. */
async function limitedWatch(root: string, limit: string, value: number) {
  const shell = `echo ${value} > /proc/sys/user/${limit}; exec "$@"`
  const wrapper = canLimit ? ['unshare', '-rU', 'sh', '-c', shell, 'sh'] : []
  return await startWatch(root, canLimit ? [] : ['--poll'], { wrapper })
}

async function polls(watch: Watching): Promise<void> {
  const polling = await watch.told(
    ({ event, sight }) => event === 'watching' && Reflect.get(Object(sight), 'by') === 'polling',
  )
  expect(JSON.stringify(polling)).toMatch(canLimit ? /sudo sysctl fs\.inotify/ : /it was asked for/)
}

describe('the limits of the system', () => {
  test.each([
    ['max_inotify_watches', 3],
    ['max_inotify_instances', 0],
  ])('%s: says so, and finds what changed by polling', async (limit, value) => {
    const root = await gitRepository({ files: { 'a/b/c/d/e/f/a.txt': 'one\n' } })
    const watch = await limitedWatch(root, limit, value)
    await polls(watch)
    await watch.told(isEqual)
    await writeFile(join(root, 'a/b/c/d/e/f/a.txt'), 'two\n')
    await watch.until((events) => deltas(events).length === 2)
    expect(await watch.stop()).toBe(130)
  })

  test('a limit that is reached later', async () => {
    const root = await gitRepository({ files: { 'a.txt': 'one\n' } })
    const watch = await limitedWatch(root, 'max_inotify_watches', 20)
    await watch.told(({ event }) => event === 'watching')
    await watch.told(isEqual)
    await writeTree(root, Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`${index}/a.txt`, 'a\n'])))
    await polls(watch)
    await watch.told(isEqual, watch.events.length - 1)
    const before = deltas(watch.events).length
    await writeFile(join(root, '29/a.txt'), 'b\n')
    await watch.until((events) => deltas(events).length > before)
    await expectCopied(root)
  })
})
