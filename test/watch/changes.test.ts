import { appendFile, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { deltas, expectCopied, flushed, isEqual, startWatch, watching } from '../helpers/watching.js'
import { git, gitRepository, temporaryDirectory, writeTree } from '../helpers/workspace.js'

describe('a watch', () => {
  test('pushes at once, and whatever changes afterwards', async () => {
    const root = await gitRepository({ files: { 'a.txt': 'one\n', 'gone.txt': 'gone\n' } })
    const watch = await watching(root)
    expect(deltas(watch.events)).toHaveLength(1)
    await writeFile(join(root, 'a.txt'), 'two\n')
    await rm(join(root, 'gone.txt'))
    await watch.until((events) => deltas(events).length === 2)
    expect(deltas(watch.events)[1]).toMatchObject({ operations: { updated: 1, deleted: 1 } })
    await expectCopied(root)
    expect(await watch.stop()).toBe(130)
    expect(watch.events.at(-1)).toMatchObject({ event: 'watch-ended', pending: false })
  })

  test('sees new folders, and folders in folders that came at once', async () => {
    const root = await gitRepository({ files: { 'a.txt': 'one\n' } })
    const watch = await watching(root)
    await writeTree(root, { 'new/folder/deep/b.txt': 'b\n' })
    await watch.until((events) => deltas(events).length === 2)
    await appendFile(join(root, 'new/folder/deep/b.txt'), 'more\n')
    await watch.until((events) => deltas(events).length === 3)
    await rename(join(root, 'new'), join(root, 'other'))
    await watch.until((events) => deltas(events).length === 4)
    expect(deltas(watch.events)[3]).toMatchObject({ operations: { moved: 1, created: 0, deleted: 0 } })
    await appendFile(join(root, 'other/folder/deep/b.txt'), 'and more\n')
    await watch.until((events) => deltas(events).length === 5)
    await expectCopied(root)
  })

  test('sees a folder that was replaced by another one of the same name', async () => {
    const root = await gitRepository({ files: { 'folder/a.txt': 'one\n', 'b.txt': 'b\n' } })
    const watch = await watching(root)
    await rename(join(root, 'folder'), join(root, 'old'))
    await mkdir(join(root, 'folder'))
    await writeFile(join(root, 'folder/a.txt'), 'new\n')
    await watch.until((events) => deltas(events).length >= 2)
    await flushed(root)
    const before = deltas(watch.events).length
    await writeFile(join(root, 'folder/a.txt'), 'newer\n')
    await watch.until((events) => deltas(events).length === before + 1)
    await expectCopied(root)
  })

  test('an editor that saves by renaming is one change', async () => {
    const root = await gitRepository({ files: { 'a.txt': 'one\n' } })
    const watch = await watching(root)
    for (const text of ['two\n', 'three\n', 'four\n']) {
      await writeFile(join(root, '.a.txt.swp'), text)
      await rename(join(root, '.a.txt.swp'), join(root, 'a.txt'))
    }
    await watch.until((events) => deltas(events).length === 2)
    expect(deltas(watch.events)[1]).toMatchObject({ operations: { updated: 1, created: 0 } })
    await expectCopied(root)
  })

  test('a storm of 1,000 files is few pushes, and all of it arrives', async () => {
    const root = await gitRepository({ files: { 'a.txt': 'one\n' } })
    const watch = await watching(root)
    const files = Array.from({ length: 1000 }, (_, index) => [`storm/${index % 20}/${index}.txt`, `${index}\n`])
    await writeTree(root, Object.fromEntries(files))
    await flushed(root)
    expect(deltas(watch.events).length).toBeLessThanOrEqual(10)
    await expectCopied(root)
  })

  test('works in a folder without git', async () => {
    const root = await temporaryDirectory()
    await writeTree(root, { 'a.txt': 'one\n' })
    const watch = await watching(root)
    await writeTree(root, { 'b/b.txt': 'two\n' })
    await watch.until((events) => deltas(events).length === 2)
    await expectCopied(root)
  })

  test('polling finds the same', async () => {
    const root = await gitRepository({ files: { 'a.txt': 'one\n' } })
    const watch = await startWatch(root, ['--poll'])
    expect(await watch.told(({ event }) => event === 'watching')).toMatchObject({ sight: { by: 'polling' } })
    await watch.told(isEqual)
    await writeTree(root, { 'b/b.txt': 'two\n' })
    await watch.until((events) => deltas(events).length === 2)
    await expectCopied(root)
  })

  test('does not look because of what is ignored, git’s own or ours', async () => {
    const root = await gitRepository({ files: { 'a.txt': 'one\n', '.gitignore': 'build/\n' } })
    await writeTree(root, { 'build/first.txt': 'first\n' })
    const watch = await watching(root, ['--data', join(root, 'own')])
    // The receiver's folder is inside of the work tree, so pushes write into it.
    await writeFile(join(root, 'a.txt'), 'two\n')
    await watch.until((events) => deltas(events).length === 2)
    await watch.told(isEqual, watch.events.length - 1)
    const pushes = watch.events.filter(({ event }) => event === 'report').length
    await writeTree(root, { 'build/second.txt': 'second\n', 'build/deep/third.txt': 'third\n' })
    await git(root, 'tag', 'nothing-new')
    // What is seen is seen in order: after this one, the others would have been.
    await writeFile(join(root, 'a.txt'), 'three\n')
    await watch.until((events) => deltas(events).length === 3)
    expect(watch.events.filter(({ event }) => event === 'report').length).toBe(pushes + 1)
  })

  test('a log that is ignored and written all the time costs one look, and hides no edit', async () => {
    const root = await gitRepository({ files: { 'a.txt': 'one\n', '.gitignore': '*.log\n' } })
    const watch = await watching(root)
    const reports = () => watch.events.filter(({ event }) => event === 'report').length
    const before = reports()
    for (let line = 0; line < 30; line++) {
      await appendFile(join(root, 'server.log'), `${line}\n`)
      await sleep(line % 10 === 0 ? 500 : 20)
    }
    await watch.told(isEqual, watch.events.length - 1)
    expect(reports()).toBe(before + 1)
    await appendFile(join(root, 'server.log'), 'again\n')
    await writeFile(join(root, 'a.txt'), 'two\n')
    await watch.until((events) => deltas(events).length === 2)
    await expectCopied(root, ['server.log'])
  })
})
