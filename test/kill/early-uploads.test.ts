import { expect, test } from '@jest/globals'
import { ceDelta, filesOf } from '../helpers/command.js'
import { expectHealed, stepsOf, suffering } from '../helpers/killing.js'
import { serve, tryServe } from '../helpers/serving.js'
import { gitRepository, writeTree } from '../helpers/workspace.js'

/** More than go into one bundle. */
const FILES = 10_100
/** How many steps are tried of each process, spread over what it does with bundles. */
const KILLS = 8

async function rewrite(root: string, turn: number): Promise<void> {
  const names = Array.from({ length: FILES }, (_, at) => `${at % 100}/${at}`)
  await writeTree(root, Object.fromEntries(names.map((name) => [name, `${name} in turn ${turn}\n`])))
}

async function pushTo(root: string, url: string, env: NodeJS.ProcessEnv = {}) {
  return await ceDelta(root, ['push', '--json'], { env: { CE_DELTA_ENDPOINT: url, CE_DELTA_MAX_RETRIES: '0', ...env } })
}

function spread(steps: number, from: number): number[] {
  return Array.from({ length: KILLS }, (_, at) => Math.round(from + ((steps - from) * (at + 0.5)) / KILLS))
}

test('a push killed while two of its bundles are under way (rows 1, 62)', async () => {
  const root = await gitRepository()
  const server = await serve()
  await rewrite(root, 1)
  await pushTo(root, server.url)
  await rewrite(root, 2)
  const steps = await stepsOf((env) => pushTo(root, server.url, env))
  const firstBundle = steps.findIndex((step) => step.includes('/outbox/'))
  expect(firstBundle).toBeGreaterThan(0)
  let kills = 0
  for (const [turn, killAt] of spread(steps.length, firstBundle).entries()) {
    await rewrite(root, turn + 3)
    const killed = await pushTo(root, server.url, suffering({ killAt }))
    if (killed.exitCode === null) kills++
    await expectHealed(root, () => pushTo(root, server.url), [server.data])
  }
  expect(kills).toBeGreaterThanOrEqual(KILLS - 2)
}, 3_600_000)

test('serve killed while it has two bundles of a workspace (row 86)', async () => {
  const root = await gitRepository()
  let port = 0
  await rewrite(root, 1)
  const steps = await stepsOf(async (env) => {
    const server = await serve({ env })
    port = server.port
    expect((await pushTo(root, server.url)).exitCode).toBe(0)
    await server.kill()
  })
  let kills = 0
  for (const [turn, killAt] of spread(steps.length, steps.length / 3).entries()) {
    await rewrite(root, turn + 2)
    const victim = await tryServe({ port, env: suffering({ killAt }) })
    if (victim !== null) await pushTo(root, victim.url)
    if (victim === null || victim.child.signalCode === 'SIGKILL') kills++
    await victim?.kill()
    const server = await serve({ port })
    await expectHealed(root, () => pushTo(root, server.url), [server.data])
    await server.kill()
  }
  expect(kills).toBeGreaterThan(KILLS / 2)
  expect((await filesOf(root)).size).toBe(FILES)
}, 3_600_000)
