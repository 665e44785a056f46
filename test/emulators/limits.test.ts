import { randomBytes } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { filesOf } from '../helpers/command.js'
import { faultProxy } from '../helpers/fault-proxy.js'
import { writeTree } from '../helpers/workspace.js'
import { TESTED_GENERATIONS } from './generations.js'
import { expectSame, serverCalled } from './network-stage.js'
import { clientOf } from './stage.js'

const PAGE = '<html><h1>413 Request Entity Too Large</h1></html>'
const TOO_LARGE = `HTTP/1.1 413 Too Large\r\ncontent-type: text/html\r\ncontent-length: ${PAGE.length}\r\n\r\n${PAGE}`

describe.each([...TESTED_GENERATIONS, 'ce-delta'] as const)(
  'row 69: a proxy takes less than a server of %s',
  (name) => {
    test('it cuts the upload off with a page: the one file that is too large is named, and the rest goes on', async () => {
      const behind = await serverCalled(name)
      const proxy = await faultProxy(Number(new URL(behind.url).port))
      const client = await clientOf(proxy.url)
      const files = Array.from({ length: 12 }, (_, at) => [`d/${at}`, randomBytes(3000).toString('base64')] as const)
      await writeTree(client.root, Object.fromEntries(files))
      await writeTree(client.root, { 'd/huge': randomBytes(30_000).toString('base64') })
      proxy.poison({ kind: 'limit', bytes: 20_000, answer: TOO_LARGE })
      const { outcome, leftBehind } = await client.push()
      expect([outcome, leftBehind.map(({ path }) => path)]).toEqual(['confirmed', ['d/huge']])
      expect(proxy.struck()).toBeGreaterThan(1)
      expectSame(await behind.files(client.root), await filesOf(client.root, ['d/huge']))
      proxy.cure()
      expect(await client.push()).toMatchObject({ outcome: 'confirmed', leftBehind: [] })
      expectSame(await behind.files(client.root), await filesOf(client.root))
    })
  },
)
