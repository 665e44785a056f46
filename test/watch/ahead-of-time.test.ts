import { existsSync } from 'node:fs'
import { appendFile, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { askWatch, type ControlAnswer } from '../../src/triggers/watch/control-client.js'
import type { ControlRequest } from '../../src/triggers/watch/control-place.js'
import { push } from '../helpers/command.js'
import { deltas, type Event, expectCopied, isEqual, watching } from '../helpers/watching.js'
import { gitRepository } from '../helpers/workspace.js'

/** A push looks at what changed when half of this is over, and delivers it when all of it is. */
const SETTLE = ['--settle', '2000']

/** Returns when what was just changed has been looked at; there is most of a second until it is delivered. */
async function lookedAt(root: string, before: string): Promise<void> {
  while ((await lastLook(root)) === before) await sleep(10)
}

/** Changes with every snapshot that differs from the last. */
async function lastLook(root: string): Promise<string> {
  return await readFile(join(root, '.git/ce-delta/HEAD'), 'utf8')
}

/** A watch whose push has looked at a change, and waits for it to come to rest. */
async function watchingAtGate() {
  const root = await gitRepository({ files: { 'a.txt': 'one\n', '.gitignore': '*.log\n' } })
  const watch = await watching(root, SETTLE)
  const before = await lastLook(root)
  const from = watch.events.length
  await writeFile(join(root, 'a.txt'), 'half of')
  await lookedAt(root, before)
  const later = (): readonly Event[] => watch.events.slice(from)
  return { root, watch, later }
}

/** As the command does, without the time that it takes to start one. */
async function ask(root: string, request: ControlRequest): Promise<ControlAnswer> {
  return await askWatch(join(root, '.git/ce-delta'), request)
}

describe('what was looked at before it came to rest', () => {
  test('is told and delivered when it did', async () => {
    const { root, watch, later } = await watchingAtGate()
    expect(await ask(root, 'status')).toMatchObject({ state: 'changed', pending: true, pushes: 1 })
    await watch.told(isEqual, watch.events.length)
    expect(deltas(watch.events)).toHaveLength(2)
    const states = later().filter(({ event }) => event === 'state')
    expect(states.map(({ state }) => state)).toEqual(['changed', 'pushing', 'equal'])
    expect(later().filter(({ event }) => event === 'snapshot')).toHaveLength(1)
    await expectCopied(root)
  })

  test('is not delivered where it changed again: only what it is then', async () => {
    const { root, watch, later } = await watchingAtGate()
    await writeFile(join(root, 'a.txt'), 'all of it\n')
    await watch.told(isEqual, watch.events.length)
    expect(deltas(watch.events)).toHaveLength(2)
    expect(later().filter(({ event }) => event === 'snapshot')).toHaveLength(1)
    await expectCopied(root)
  })

  test('is not delivered while git works, and waits for it without being in the way of a push', async () => {
    const { root, watch } = await watchingAtGate()
    await writeFile(join(root, '.git/index.lock'), '')
    await watch.told(({ event, state }) => event === 'state' && state === 'waiting for git')
    expect(deltas(watch.events)).toHaveLength(1)
    expect((await push(root, ['--dry-run'])).exitCode).toBe(0)
    await rm(join(root, '.git/index.lock'))
    await watch.told(isEqual, watch.events.length)
    expect(deltas(watch.events)).toHaveLength(2)
    await expectCopied(root)
  })

  test('does not hold up a flush, which sends what there is by then', async () => {
    const { root, watch } = await watchingAtGate()
    await writeFile(join(root, 'b.txt'), 'b\n')
    expect(await ask(root, 'flush')).toMatchObject({ report: { operations: { created: 1, updated: 1 } } })
    await expectCopied(root)
    expect(deltas(watch.events)).toHaveLength(2)
  })

  test('is not sent after a pause', async () => {
    const { root, watch } = await watchingAtGate()
    expect(await ask(root, 'pause')).toMatchObject({ state: 'paused', pending: true })
    await sleep(1500)
    expect(deltas(watch.events)).toHaveLength(1)
    expect(existsSync(join(root, '.git/ce-delta/push.lock'))).toBe(false)
    await ask(root, 'resume')
    await watch.until((events) => deltas(events).length === 2)
    await expectCopied(root)
  })

  test('is told as pending at the end, and not sent', async () => {
    const { root, watch, later } = await watchingAtGate()
    expect(await watch.stop()).toBe(130)
    expect(later().at(-1)).toMatchObject({ event: 'watch-ended', pending: true })
    expect(later().filter(({ event }) => event === 'report' || event === 'trouble')).toEqual([])
    expect((await push(root)).report).toMatchObject({ operations: { updated: 1 } })
  })

  test('is not sent where the root went away, and arrives when it is back', async () => {
    const { root, watch, later } = await watchingAtGate()
    await rename(root, `${root}-away`)
    await watch.told(({ event, state }) => event === 'state' && state === 'root gone')
    expect(later().filter(({ event }) => event === 'report')).toEqual([])
    await rename(`${root}-away`, root)
    await watch.until((events) => deltas(events).length === 2)
    await expectCopied(root)
  })

  test('is not forgotten for a log that is ignored and written meanwhile', async () => {
    const root = await gitRepository({ files: { 'a.txt': 'one\n', '.gitignore': '*.log\n' } })
    const watch = await watching(root, SETTLE)
    const reports = (): number => watch.events.filter(({ event }) => event === 'report').length
    // After a push for nothing, paths that are ignored are not looked at.
    await appendFile(join(root, 'server.log'), 'first\n')
    await watch.until(() => reports() === 2)
    const before = await lastLook(root)
    await writeFile(join(root, 'a.txt'), 'two\n')
    await lookedAt(root, before)
    await appendFile(join(root, 'server.log'), 'second\n')
    await watch.until((events) => deltas(events).length === 2)
    await expectCopied(root, ['server.log'])
  })

  test('a configuration that is half written is not told', async () => {
    const root = await gitRepository({ files: { 'a.txt': 'one\n' } })
    const watch = await watching(root, SETTLE)
    await writeFile(join(root, 'ce-delta.config.json'), '{ "exclude":')
    await sleep(1300)
    await writeFile(join(root, 'ce-delta.config.json'), '{ "exclude": [] }')
    await watch.until((events) => deltas(events).length === 2)
    expect(watch.events.filter(({ event }) => event === 'trouble')).toEqual([])
    await expectCopied(root)
  })
})
