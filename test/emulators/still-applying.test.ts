import { expect, test } from '@jest/globals'
import { filesOf } from '../helpers/command.js'
import { faultProxy } from '../helpers/fault-proxy.js'
import { writeTree } from '../helpers/workspace.js'
import { TESTED_GENERATIONS } from './generations.js'
import { expectSame } from './network-stage.js'
import { emulator } from './server.js'
import { clientOf } from './stage.js'

test.each(TESTED_GENERATIONS)(
  'rows 78, 79: contact is lost while a server of %s applies the very first bundle: the next push gives it time',
  async (name) => {
    const server = await emulator(name)
    const proxy = await faultProxy(Number(new URL(server.url).port))
    const client = await clientOf(proxy.url)
    await writeTree(client.root, { a: '1', b: '2' })
    server.faults.delay = 2000
    const push = client.push({ retries: 0 }).then(
      ({ outcome }) => outcome,
      ({ code }) => code,
    )
    // Where it answers first, that is known before contact is lost.
    const isLater = server.generation.applies === 'after the answer'
    const isReached = () => !server.isIdle && (!isLater || server.requests.at(-1)?.endsWith('status') === true)
    while (!isReached()) await new Promise((resolve) => setTimeout(resolve, 1))
    proxy.turnTo(Number(new URL(server.url).port))
    expect(await push).toBe('queued')
    expect(server.isIdle).toBe(false)
    const before = server.requests.length
    await writeTree(client.root, { a: '3', c: '4' })
    await client.push()
    const since = server.requests.slice(before)
    const asked = since.slice(
      0,
      since.findIndex((request) => request.startsWith('POST')),
    )
    // Here the pauses between the questions are short; their number is what counts.
    expect(asked.length).toBeGreaterThan(10)
    while (!server.isIdle) await new Promise((resolve) => setTimeout(resolve, 5))
    server.faults.delay = 0
    await client.push()
    expectSame(await server.files(client.root), await filesOf(client.root))
  },
)
