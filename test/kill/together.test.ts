import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { ceDelta, ended, expectMirror, filesOf, push, startCeDelta, thisMachine } from '../helpers/command.js'
import { editEverything, expectHealed, leftOvers } from '../helpers/killing.js'
import { listening } from '../helpers/scripted-server.js'
import { serve } from '../helpers/serving.js'
import { gitRepository, writeTree } from '../helpers/workspace.js'

describe('eight pushes at once (row 15)', () => {
  test.each(['into the embedded receiver', 'over HTTP'])(
    '%s, with edits in between',
    async (way) => {
      const root = await gitRepository()
      const server = way === 'over HTTP' ? await serve() : null
      const env = server === null ? {} : { CE_DELTA_ENDPOINT: server.url }
      const { data } = await thisMachine()
      const run = async () => await push(root, [], { env })
      await editEverything(root, 1)
      await run()
      for (let round = 0; round < 4; round++) {
        await editEverything(root, round + 2)
        const crowd = Array.from({ length: 8 }, run)
        for (let edit = 0; edit < 10; edit++) {
          await writeTree(root, { [`during/${round}-${edit}.txt`]: `${edit}` })
          await sleep(30)
        }
        const results = await Promise.all(crowd)
        for (const { exitCode, report } of results) {
          expect([0, 11]).toContain(exitCode)
          if (exitCode === 0) expect(report.receiver_tree).toBe(report.tree)
        }
        // At no time two uploaders: each sequence was made by one of them.
        const sequences = results.flatMap(({ report }) => report.bundles.map(({ sequence }) => sequence))
        expect(new Set(sequences).size).toBe(sequences.length)
        expect(results.some(({ exitCode }) => exitCode === 0)).toBe(true)
        await expectHealed(root, run, [data])
      }
      expect(await run()).toMatchObject({ exitCode: 0, report: { outcome: 'unchanged' } })
      const applied = server?.events.filter(({ event }) => event === 'applied') ?? []
      expect(new Set(applied.map(({ sequence }) => sequence)).size).toBe(applied.length)
    },
    120_000,
  )
})

describe('an interruption (row 2)', () => {
  test.each([
    ['SIGINT', 130, 0],
    ['SIGTERM', 143, 0],
    ['SIGINT', 130, 60],
    ['SIGTERM', 143, 400],
  ] as const)(
    '%s ends a push that waits for its receiver with %i, within 2 s (after %i ms)',
    async (signal, exitCode, delay) => {
      const root = await gitRepository()
      await editEverything(root, 1)
      let asked = (): void => undefined
      const arrived = new Promise<void>((resolve) => {
        asked = resolve
      })
      const silent = await listening(() => asked())
      const child = await startCeDelta(root, ['push', '--json'], { env: { CE_DELTA_ENDPOINT: silent.url } })
      const result = ended(child)
      await arrived
      await sleep(delay)
      const started = performance.now()
      child.kill(signal)
      expect((await result).exitCode).toBe(exitCode)
      expect(performance.now() - started).toBeLessThan(2000)
      expect(await leftOvers(join(root, '.git', 'ce-delta'))).toEqual([])
      await expectMirror(await push(root), await filesOf(root))
    },
  )

  test('SIGTERM ends a push whose git is slow with 143, within 2 s', async () => {
    const root = await gitRepository()
    await editEverything(root, 1)
    const { home, data } = await thisMachine()
    const real = (process.env.PATH ?? '').split(':').find((folder) => existsSync(join(folder, 'git')))
    const slow = `#!/bin/sh\ncase " $* " in *" status "*) exec sleep 5 ;; esac\nexec ${real}/git "$@"\n`
    await mkdir(join(home, 'bin'))
    await writeFile(join(home, 'bin', 'git'), slow, { mode: 0o755 })
    const env = { PATH: `${join(home, 'bin')}:${process.env.PATH}` }
    const child = await startCeDelta(root, ['push', '--json', '--data', data], { env })
    const closed = once(child, 'exit')
    await sleep(1000)
    const started = performance.now()
    child.kill('SIGTERM')
    expect((await closed)[0]).toBe(143)
    expect(performance.now() - started).toBeLessThan(2000)
    await expectMirror(await push(root), await filesOf(root))
  })

  test('the second signal ends it at once', async () => {
    const root = await gitRepository()
    await editEverything(root, 1)
    const child = await startCeDelta(root, ['push'], {})
    child.stderr?.resume()
    await sleep(150)
    child.kill('SIGINT')
    child.kill('SIGINT')
    const started = performance.now()
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    expect(performance.now() - started).toBeLessThan(1000)
    const { data } = await thisMachine()
    await expectHealed(root, () => push(root), [data])
  })
})

describe('a kill from outside, whenever it comes (row 1)', () => {
  test('at each event that push tells, and a moment later', async () => {
    const root = await gitRepository()
    const server = await serve()
    const env = { CE_DELTA_ENDPOINT: server.url }
    let turn = 0
    for (const event of ['snapshot', 'bundle', 'confirmed', 'report']) {
      for (const delay of [0, 2, 5, 15, 40, 100]) {
        await editEverything(root, ++turn)
        const child = await startCeDelta(root, ['push', '--json'], { env })
        child.stdout?.on('data', (text) => {
          if (String(text).includes(`"event":"${event}"`)) setTimeout(() => child.kill('SIGKILL'), delay)
        })
        await ended(child)
        const report = await expectHealed(root, () => ceDelta(root, ['push', '--json'], { env }), [server.data])
        expect(report.sequence).toBe(turn)
      }
    }
    const applied = server.events.filter(({ event }) => event === 'applied')
    expect(applied.filter(({ replayed }) => replayed === false)).toHaveLength(turn)
  }, 120_000)
})
