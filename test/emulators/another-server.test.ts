import { describe, expect, test } from '@jest/globals'
import { filesOf } from '../helpers/command.js'
import { faultProxy } from '../helpers/fault-proxy.js'
import { writeTree } from '../helpers/workspace.js'
import { TESTED_GENERATIONS } from './generations.js'
import { expectSame, serverCalled } from './network-stage.js'
import { clientOf, stageOn } from './stage.js'

test.each(TESTED_GENERATIONS)(
  'row 82: somebody takes our number in a server of %s between the question and the upload: a conflict',
  async (name) => {
    const stage = await stageOn(name)
    await writeTree(stage.root, { ours: '1' })
    await stage.push()
    const before = await stage.confirmed()
    await writeTree(stage.root, { ours: '2' })
    stage.server.faults.overtaken = stage.root
    await expect(stage.push()).rejects.toMatchObject({ code: 'conflict' })
    await expect(stage.push()).rejects.toMatchObject({ code: 'conflict' })
    expect(await stage.confirmed()).toEqual(before)
    expect((await stage.files()).get('ours')?.toString()).toBe('1')
    expect((await stage.push({ force: true })).outcome).toBe('confirmed')
    expect((await stage.files()).get('ours')?.toString()).toBe('2')
  },
)

const SERVERS = [...TESTED_GENERATIONS, 'ce-delta'] as const
const PAIRS = SERVERS.flatMap((before) => SERVERS.map((after) => [before, after] as const))

describe('row 85: another server answers at the same address', () => {
  test.each(PAIRS)('first %s, then an empty %s: it is told, and everything is sent', async (before, after) => {
    const [first, second] = [await serverCalled(before), await serverCalled(after)]
    const proxy = await faultProxy(Number(new URL(first.url).port))
    const client = await clientOf(proxy.url)
    await writeTree(client.root, { a: '1', 'd/b': '2', c: '3' })
    await client.push()
    await writeTree(client.root, { a: '2' })
    await client.push()
    proxy.turnTo(Number(new URL(second.url).port))
    expect((await client.push()).outcome).toBe('confirmed')
    expect(client.notices.join()).toContain('The receiver went back from sequence 2 to 0')
    expectSame(await second.files(client.root), await filesOf(client.root))
    expect((await client.push()).outcome).toBe('unchanged')
  })
})
