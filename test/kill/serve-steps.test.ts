import { expect, test } from '@jest/globals'
import { httpReceiver } from '../../src/delivery/http-receiver.js'
import type { ReceiverStatus } from '../../src/delivery/receiver.js'
import { ceDelta, expectMirror, filesOf } from '../helpers/command.js'
import { confirmedIn, editEverything, expectHealed, leftOvers, stepsOf, suffering } from '../helpers/killing.js'
import { serve, tryServe } from '../helpers/serving.js'
import { gitRepository, readTree } from '../helpers/workspace.js'

/** A push that does not wait for a server that is gone. */
async function pushTo(root: string, url: string) {
  const env = { CE_DELTA_ENDPOINT: url, CE_DELTA_MAX_RETRIES: '0' }
  return await ceDelta(root, ['push', '--json'], { env })
}

test('serve killed at any of its steps: the mirror is what it was, or what was sent, and then the latter (row 86)', async () => {
  const root = await gitRepository()
  await editEverything(root, 1)
  let port = 0
  const steps = await stepsOf(async (env) => {
    const server = await serve({ env })
    port = server.port
    expect((await pushTo(root, server.url)).exitCode).toBe(0)
    await editEverything(root, 2)
    await pushTo(root, server.url)
    await server.kill()
  })
  expect(steps.length).toBeGreaterThan(60)
  let [kills, exitCodes] = [0, new Set<number | null>()]
  let before = await filesOf(root)
  // The first third of the steps made the workspace, which is there now.
  for (let step = 1; step <= Math.ceil(steps.length * 0.7); step++) {
    await editEverything(root, step + 2)
    const after = await filesOf(root)
    const victim = await tryServe({ port, env: suffering({ killAt: step }) })
    if (victim !== null) {
      exitCodes.add((await pushTo(root, victim.url)).exitCode)
      if (victim.child.signalCode === 'SIGKILL') kills++
      await victim.kill()
    } else kills++
    const server = await serve({ port })
    const status = await statusAt(server.url, root)
    const mirror = await readTree(status.mirror ?? '')
    const isAfter = sameFiles(mirror, after)
    if (!isAfter) expect([...mirror]).toEqual([...before])
    const confirmed = await confirmedIn(`${root}/.git/ce-delta`)
    expect(status.sequence - (confirmed?.sequence ?? 0)).toBeGreaterThanOrEqual(0)
    expect(status.sequence - (confirmed?.sequence ?? 0)).toBeLessThanOrEqual(1)
    const report = await expectHealed(root, () => pushTo(root, server.url), [server.data])
    expect(report.sequence).toBe(status.sequence + (isAfter ? 0 : 1))
    before = after
    await server.kill()
  }
  expect(kills).toBeGreaterThan(10)
  expect([...exitCodes].every((code) => code === 0 || code === 4)).toBe(true)
}, 3_600_000)

test('serve killed in the middle of its very first upload (row 86)', async () => {
  const counted = await gitRepository()
  await editEverything(counted, 1)
  let port = 0
  const steps = await stepsOf(async (env) => {
    const server = await serve({ env })
    port = server.port
    await pushTo(counted, server.url)
    await server.kill()
  })
  for (let step = 1; step <= steps.length; step++) {
    const root = await gitRepository()
    await editEverything(root, 1)
    const victim = await tryServe({ port, env: suffering({ killAt: step }) })
    if (victim !== null) await pushTo(root, victim.url)
    await victim?.kill()
    const server = await serve({ port })
    const report = await expectHealed(root, () => pushTo(root, server.url), [server.data])
    expect(report.sequence).toBe(1)
    await expectMirror(await pushTo(root, server.url), await filesOf(root))
    expect(await leftOvers(server.data)).toEqual([])
    await server.kill()
  }
}, 3_600_000)

async function statusAt(endpoint: string, workspacePath: string): Promise<ReceiverStatus> {
  const options = { endpoint, workspacePath, collectionName: 'c', token: null, idleTimeout: 5000, userAgent: 'test' }
  return await httpReceiver(options).status(new AbortController().signal)
}

function sameFiles(left: ReadonlyMap<string, Buffer>, right: ReadonlyMap<string, Buffer>): boolean {
  return left.size === right.size && [...left].every(([path, content]) => right.get(path)?.equals(content) === true)
}
