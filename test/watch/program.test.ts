import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import type { WatchEvent } from '../../src/index.js'
import { locateWorkspace } from '../../src/snapshot/workspace.js'
import { watch } from '../../src/triggers/watch/watch.js'
import { thisMachine } from '../helpers/command.js'
import { expectCopied } from '../helpers/watching.js'
import { git, gitRepository, temporaryDirectory } from '../helpers/workspace.js'

/** Starts a watch inside of this process. */
async function watchHere(root: string, onEvent: (event: WatchEvent) => void, timing = {}) {
  const { home, data } = await thisMachine()
  const controller = new AbortController()
  const environment = { PATH: process.env.PATH, HOME: home, CE_DELTA_DATA_DIR: data }
  const whole = await locateWorkspace(root, environment)
  const over = watch({ whole, signal: controller.signal, environment, onEvent, timing })
  return { controller, over }
}

function isConfirmed(event: WatchEvent): boolean {
  return event.event === 'report' && event.outcome === 'confirmed'
}

describe('watch from a program', () => {
  test('tells what happens, and resolves when it is told to end', async () => {
    const root = await gitRepository({ files: { 'a.txt': 'one\n' } })
    let pushes = 0
    let isIdle: () => void = () => undefined
    const idle = new Promise<void>((resolve) => {
      isIdle = resolve
    })
    const { controller, over } = await watchHere(root, (event) => {
      if (isConfirmed(event) && ++pushes === 1) void writeFile(join(root, 'a.txt'), 'two\n')
      if (event.event === 'state' && event.state === 'equal' && !event.pending && pushes === 2) isIdle()
    })
    await idle
    await expectCopied(root)
    controller.abort()
    expect(await over).toMatchObject({ pending: false, lastPush: { sequence: 2, outcome: 'confirmed' } })
  })

  test('looks without being asked, where no event told of a change', async () => {
    const root = await gitRepository({ files: { 'a.txt': 'one\n' } })
    let looks = 0
    let isEnough: () => void = () => undefined
    const enough = new Promise<void>((resolve) => {
      isEnough = resolve
    })
    const onEvent = (event: WatchEvent): void => {
      if (event.event === 'report' && ++looks === 5) isEnough()
    }
    const { controller, over } = await watchHere(root, onEvent, { fullLook: 100 })
    await enough
    controller.abort()
    await over
  })

  test('rejects where it cannot begin', async () => {
    const root = await temporaryDirectory()
    await writeFile(join(root, 'ce-delta.config.json'), '{ "endpoint": 7 }')
    const { over } = await watchHere(root, () => undefined)
    await expect(over).rejects.toMatchObject({ code: 'configuration-invalid' })
    const bare = await temporaryDirectory()
    await git(bare, 'init', '--quiet', '--bare')
    const { over: nowhere } = await watchHere(bare, () => undefined)
    await expect(nowhere).rejects.toMatchObject({ code: 'not-a-repository' })
  })

  test('a signal that came before the start ends it at once', async () => {
    const root = await gitRepository({ files: { 'a.txt': 'one\n' } })
    const signal = AbortSignal.abort()
    const { home } = await thisMachine()
    const environment = { PATH: process.env.PATH, HOME: home }
    const end = await watch({ whole: await locateWorkspace(root, environment), signal, environment })
    expect(end).toMatchObject({ pending: true, lastPush: null })
  })
})
