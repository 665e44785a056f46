import { appendFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { ceDelta } from '../helpers/command.js'
import { serve } from '../helpers/serving.js'
import { deltas, expectCopied, flushed, isEqual, startWatch, watching } from '../helpers/watching.js'
import { git, gitRepository, writeTree } from '../helpers/workspace.js'

describe('a receiver that is down', () => {
  test('is told once, and once when it is back; what changed meanwhile arrives', async () => {
    const root = await gitRepository({ files: { 'a.txt': 'one\n' } })
    const server = await serve()
    const watch = await watching(root, ['--endpoint', server.url], { env: { REMOTE_UPLOAD_MAX_RETRIES: '0' } })
    await server.kill()
    await writeFile(join(root, 'a.txt'), 'two\n')
    const reports = () => watch.events.filter(({ event }) => event === 'report').length
    const before = reports()
    await watch.until(() => reports() >= before + 3)
    await writeFile(join(root, 'b.txt'), 'three\n')
    expect(watch.events.filter(({ event }) => event === 'trouble')).toMatchObject([
      { error: { code: 'receiver-unreachable' } },
    ])
    await serve({ port: server.port, data: server.data })
    await watch.told(({ event }) => event === 'recovered')
    await watch.told(isEqual, watch.events.length - 1)
    expect(watch.events.filter(({ event }) => event === 'trouble' || event === 'recovered')).toHaveLength(2)
    expect(deltas(watch.events).at(-1)).toMatchObject({ operations: { updated: 1, created: 1 } })
    expect(await watch.stop()).toBe(130)
    const { events } = await ceDelta(root, ['status', '--json', '--endpoint', server.url])
    expect(events[0]).toMatchObject({ equal: 'yes' })
  })

  test('from the start: the watch waits for it, and says at its end that something is pending', async () => {
    const root = await gitRepository({ files: { 'a.txt': 'one\n' } })
    const watch = await startWatch(root, ['--endpoint', 'http://127.0.0.1:9'], {
      env: { REMOTE_UPLOAD_MAX_RETRIES: '0' },
    })
    await watch.told(({ event }) => event === 'trouble')
    await watch.told(({ event, state }) => event === 'state' && state === 'retrying')
    expect(await watch.stop()).toBe(130)
    expect(watch.events.at(-1)).toMatchObject({ event: 'watch-ended', pending: true })
  })
})

describe('faults.md row 31: the root', () => {
  test('goes away and comes back: nothing is deleted, and what changed arrives', async () => {
    const root = await gitRepository({ files: { 'a.txt': 'one\n', 'b.txt': 'b\n' } })
    const watch = await watching(root)
    await rename(root, `${root}-away`)
    await watch.told(({ event, state }) => event === 'state' && state === 'root gone')
    await appendFile(join(`${root}-away`, 'a.txt'), 'two\n')
    await rename(`${root}-away`, root)
    await watch.told(({ event }) => event === 'recovered')
    await watch.until((events) => deltas(events).length === 2)
    expect(deltas(watch.events)[1]).toMatchObject({ operations: { updated: 1, deleted: 0, created: 0 } })
    const from = watch.events.length
    await watch.told(isEqual, from - 1)
    await writeFile(join(root, 'b.txt'), 'after\n')
    await watch.until((events) => deltas(events).length === 3)
    await expectCopied(root)
    expect(await watch.stop()).toBe(130)
  })

  test('is emptied: the guard stops the push, and the watch goes on', async () => {
    const root = await gitRepository()
    const files = Array.from({ length: 30 }, (_, index) => [`${index}.txt`, `${index}\n`])
    await writeTree(root, Object.fromEntries(files))
    const watch = await watching(root)
    for (const [name] of files) await rename(join(root, String(name)), join(root, '.git', String(name)))
    expect(await watch.told(({ event }) => event === 'trouble')).toMatchObject({ error: { code: 'guard-stopped' } })
    for (const [name] of files) await rename(join(root, '.git', String(name)), join(root, String(name)))
    await watch.told(({ event }) => event === 'recovered')
    expect(deltas(watch.events)).toHaveLength(1)
    await expectCopied(root)
  })
})

describe('what is edited while it runs', () => {
  test('the ignore rules: files leave the copy and come back, and so do their folders', async () => {
    const root = await gitRepository({ files: { 'a.txt': 'one\n' } })
    await writeTree(root, { 'build/out.txt': 'out\n' })
    const watch = await watching(root)
    await writeFile(join(root, '.cedeltaignore'), 'build/\n')
    await watch.until((events) => deltas(events).length === 2)
    await expectCopied(root, ['build/out.txt'])
    await writeFile(join(root, '.cedeltaignore'), '')
    await watch.until((events) => deltas(events).length === 3)
    await flushed(root)
    await appendFile(join(root, 'build/out.txt'), 'seen again\n')
    await watch.until((events) => deltas(events).length === 4)
    await expectCopied(root)
  })

  test('rules outside of the work tree', async () => {
    const root = await gitRepository({ files: { 'a.txt': 'one\n' } })
    await writeTree(root, { 'notes.txt': 'notes\n' })
    const watch = await watching(root)
    await writeTree(root, { '.git/info/exclude': 'notes.txt\n' })
    await watch.until((events) => deltas(events).length === 2)
    await expectCopied(root, ['notes.txt'])
  })

  test.each([
    ['json', '{ "exclude": ["b.txt"] }', '{ "exclud": [] }', '{ "exclude": [] }'],
    ['ts', 'export default { exclude: ["b.txt"] as string[] }', 'export default {', 'export default { exclude: [] }'],
    ['mjs', 'export default { exclude: ["b.txt"] }', 'export default 7', 'export default { exclude: [] }'],
    ['cjs', 'module.exports = { exclude: ["b.txt"] }', 'throw new Error("no")', 'module.exports = {}'],
  ])('the configuration, as %s: right, wrong, and right again', async (kind, first, wrong, last) => {
    const root = await gitRepository({ files: { 'a.txt': 'one\n', 'b.txt': 'b\n' } })
    const name = `ce-delta.config.${kind}`
    const watch = await watching(root)
    await writeFile(join(root, name), first)
    await watch.until((events) => deltas(events).length === 2)
    await expectCopied(root, ['b.txt'])
    await writeFile(join(root, name), wrong)
    expect(await watch.told(({ event }) => event === 'trouble')).toMatchObject({
      error: { code: 'configuration-invalid' },
    })
    await writeFile(join(root, name), last)
    await watch.told(({ event }) => event === 'recovered')
    await flushed(root)
    await expectCopied(root)
  })
})

test('what was edited while nobody watched: the ignore rules', async () => {
  const root = await gitRepository({ files: { '.gitignore': 'build/\n', 'a.txt': 'one\n' } })
  await writeTree(root, { 'build/out.txt': 'out\n' })
  await (await watching(root)).stop()
  await writeFile(join(root, '.gitignore'), '')
  const watch = await watching(root)
  await flushed(root)
  const before = deltas(watch.events).length
  await appendFile(join(root, 'build/out.txt'), 'seen\n')
  await watch.until((events) => deltas(events).length > before)
  await expectCopied(root)
})

test('what git tracks in spite of a rule is seen from the first push on', async () => {
  const root = await gitRepository({ files: { '.gitignore': 'build/\n', 'a.txt': 'one\n' } })
  await writeTree(root, { 'build/kept.txt': 'kept\n' })
  await git(root, 'add', '--force', 'build/kept.txt')
  const watch = await watching(root)
  await flushed(root)
  const before = deltas(watch.events).length
  await appendFile(join(root, 'build/kept.txt'), 'seen\n')
  await watch.until((events) => deltas(events).length > before)
  await expectCopied(root)
})

describe('faults.md row 14: a watch that was stopped for a while', () => {
  test('looks when it goes on', async () => {
    const root = await gitRepository({ files: { 'a.txt': 'one\n' } })
    const watch = await watching(root)
    watch.child.kill('SIGSTOP')
    await writeFile(join(root, 'a.txt'), 'two\n')
    await sleep(11_000)
    watch.child.kill('SIGCONT')
    await watch.told(({ event }) => event === 'look')
    await watch.until((events) => deltas(events).length === 2)
    await flushed(root)
    await expectCopied(root)
  })
})
