import { appendFile, cp, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { ceDelta, thisMachine } from '../helpers/command.js'
import { scriptedServer } from '../helpers/scripted-server.js'
import { serve } from '../helpers/serving.js'
import { gitRepository, temporaryDirectory, writeTree } from '../helpers/workspace.js'

const ONCE = { env: { CE_DELTA_MAX_RETRIES: '0' } }

/** Two bundles wait for a receiver that was there once: its port is taken again by `start`. */
async function twoWaiting() {
  const root = await gitRepository({ files: { a: '1' } })
  const first = await serve()
  const { url, port } = first
  const run = (...args: string[]) => ceDelta(root, [...args, '--endpoint', url, '--json'], ONCE)
  await run('push')
  await first.kill()
  await writeTree(root, { b: '2' })
  await run('push')
  const carried = join(await temporaryDirectory(), 'carried')
  await run('outbox', 'export', carried)
  await writeTree(root, { c: '3' })
  await run('push')
  return { root, run, url, carried, start: () => serve({ port }) }
}

describe('outbox', () => {
  test('lists what waits, and shows what is in it', async () => {
    const { run } = await twoWaiting()
    const { events, exitCode } = await run('outbox', 'list')
    expect(exitCode).toBe(0)
    expect(events).toMatchObject([
      {
        event: 'outbox',
        bundles: [
          { sequence: 2, attempted_at: expect.any(String), intact: true, operations: { created: 1 } },
          { sequence: 3, attempted_at: null, intact: true },
        ],
      },
    ])
    expect((await run('outbox', 'show', '3')).events).toMatchObject([
      { event: 'bundle-file', plan: [{ operation: 'created', path: 'c' }] },
    ])
    expect((await run('outbox', 'show', '9')).exitCode).toBe(2)
  })

  test('tells what was refused, and that nothing came of it (row 72)', async () => {
    const root = await gitRepository({ files: { a: '1' } })
    const status = JSON.stringify({ last_sequence: 0, status: 'ready' })
    const server = await scriptedServer(({ method }) =>
      method === 'GET' ? { body: status } : { status: 422, body: '{"detail":"no"}' },
    )
    const run = (...args: string[]) => ceDelta(root, [...args, '--endpoint', server.url], ONCE)
    expect((await run('push')).exitCode).toBe(5)
    expect((await run('outbox', 'list')).stdout).toMatch(/refused .*, without an effect/)
    expect((await run('outbox', 'list', '--json')).events).toMatchObject([{ bundles: [{ attempted_at: null }] }])
    expect((await run('outbox', 'drop', '--all')).exitCode).toBe(0)
  })

  test('sends what waits and nothing newer, with retry', async () => {
    const { root, run, start } = await twoWaiting()
    await writeTree(root, { d: '4' })
    expect((await run('outbox', 'retry')).exitCode).toBe(4)
    await start()
    expect((await run('outbox', 'retry')).report).toMatchObject({ outcome: 'confirmed', sequence: 3 })
    expect((await run('diff')).events).toMatchObject([{ plan: [{ operation: 'created', path: 'd' }] }])
    expect((await run('log', '-n', '1')).events[0]).toMatchObject({ trigger: 'retry' })
    expect((await run('outbox', 'retry')).events).toEqual([{ event: 'outbox', bundles: [] }])
  })

  test('drops what was never sent; what may have been applied only when forced', async () => {
    const { run } = await twoWaiting()
    expect((await run('outbox', 'drop')).exitCode).toBe(2)
    expect((await run('outbox', 'drop', '2')).exitCode).toBe(13)
    expect((await run('outbox', 'drop', '3')).events).toMatchObject([{ event: 'dropped', bundles: [{ sequence: 3 }] }])
    expect((await run('outbox', 'drop', '--all', '--force')).exitCode).toBe(0)
    expect((await run('outbox', 'list')).events).toEqual([{ event: 'outbox', bundles: [] }])
  })

  test('says what becomes of what was queued, and when there is nothing', async () => {
    const root = await gitRepository({ files: { a: '1' } })
    const words = async (...args: string[]) =>
      (await ceDelta(root, [...args, '--endpoint', 'http://127.0.0.1:9'], ONCE)).stderr
    expect(await words('outbox', 'drop', '--all')).toBe('nothing waits\n')
    expect(await words('push')).toContain('What was queued is kept here; the next push sends it.')
    expect(await words('outbox', 'drop', '--all')).toContain('dropped 1 bundle')
  })
})

describe('relay', () => {
  test('delivers an export from elsewhere, after which a push goes on', async () => {
    const { root, run, url, carried, start } = await twoWaiting()
    await start()
    const { data } = await thisMachine()
    const relay = () => ceDelta(data, ['relay', carried, '--endpoint', url, '--json'], ONCE)
    expect((await relay()).events.at(-1)).toMatchObject({ event: 'relay', workspace: root, relayed: 1, skipped: 0 })
    expect((await relay()).events.at(-1)).toMatchObject({ event: 'relay', relayed: 0, skipped: 1, sequence: 2 })
    expect((await run('push')).report).toMatchObject({ outcome: 'confirmed', sequence: 3 })
    expect((await run('log')).events.map(({ sequence }) => sequence)).toEqual([3, 2, 1, undefined])
  })

  test('goes on where it stopped, and the push confirms all that came through', async () => {
    const { root, run, url, carried, start } = await twoWaiting()
    const whole = `${carried}-whole`
    await run('outbox', 'export', whole)
    await start()
    const relay = (folder: string) => ceDelta(root, ['relay', folder, '--endpoint', url, '--json'], ONCE)
    expect((await relay(carried)).events.at(-1)).toMatchObject({ relayed: 1, skipped: 0 })
    expect((await relay(whole)).events.at(-1)).toMatchObject({ relayed: 1, skipped: 1, sequence: 3 })
    expect((await run('push')).exitCode).toBe(0)
    expect((await run('log')).events.map(({ sequence }) => sequence)).toEqual([3, 2, 1, undefined])
    expect((await run('verify')).events).toMatchObject([{ verdict: 'equal' }])
  })

  test('sends nothing of an export that was damaged on the way', async () => {
    const { root, run, url, carried, start } = await twoWaiting()
    await start()
    const damaged = `${carried}-damaged`
    await cp(carried, damaged, { recursive: true })
    const bundle = (await readdir(damaged)).find((name) => name.endsWith('.tar.gz')) ?? ''
    await appendFile(join(damaged, bundle), 'x')
    expect((await ceDelta(root, ['relay', damaged, '--endpoint', url])).exitCode).toBe(5)
    expect((await ceDelta(root, ['relay', root, '--endpoint', url])).exitCode).toBe(2)
    expect((await run('status')).events).toMatchObject([{ there: { sequence: 1 } }])
  })
})
