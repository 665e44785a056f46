import { once } from 'node:events'
import { cp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { ceDelta, expectMirror, filesOf, thisMachine } from '../helpers/command.js'
import { editEverything } from '../helpers/killing.js'
import { crashStates, MOST_STATES } from '../helpers/losses.js'
import { mount } from '../helpers/power-loss.js'
import { recorded, startMachineAgain } from '../helpers/recorded-disk.js'
import { type Serving, serve } from '../helpers/serving.js'
import { gitRepository, readTree } from '../helpers/workspace.js'

async function pushTo(root: string, server: Serving) {
  return await ceDelta(root, ['push', '--json'], { env: { CE_DELTA_ENDPOINT: server.url } })
}

/** Ends the server below strace, which would let go of it if it were ended itself. */
async function ended({ child }: Serving): Promise<void> {
  const [server = ''] = (await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')).split(' ')
  const closed = once(child, 'close')
  process.kill(Number(server), 'SIGTERM')
  await closed
}

test('the power goes at any moment of an upload: the mirror is what it was, or what was sent (rows 3, 86)', async () => {
  const root = await gitRepository()
  const { data: cwd, home } = await thisMachine()
  const shadow = join(root, '.git', 'ce-delta')
  await editEverything(root, 1)
  const first = await serve()
  const { mirror } = await expectMirror(await pushTo(root, first), await filesOf(root))
  await first.kill()
  const before = await filesOf(root)
  await cp(shadow, join(home, 'shadow'), { recursive: true })
  await editEverything(root, 2)
  const after = await filesOf(root)
  const record = await recorded([first.data], cwd, async (wrapper) => {
    const server = await serve({ wrapper, env: { UV_THREADPOOL_SIZE: '1' } })
    await expectMirror(await pushTo(root, server), after)
    await ended(server)
  })
  const states = await crashStates(record.disk, record.steps, MOST_STATES)
  expect(states.length).toBeGreaterThan(50)
  for (const { description, states: state } of states) {
    await mount(state)
    await startMachineAgain(first.data)
    // The client is where it was: an answer that it had would be of another state.
    await rm(shadow, { recursive: true })
    await cp(join(home, 'shadow'), shadow, { recursive: true })
    try {
      const server = await serve()
      const files = await readTree(mirror ?? '')
      if (!isSame(files, after)) expect(isSame(files, before)).toBe(true)
      const report = await expectMirror(await pushTo(root, server), after)
      expect(report.sequence).toBe(2)
      await server.kill()
    } catch (thrown) {
      throw new Error(description, { cause: thrown })
    }
  }
  // The client was told that it is applied: then nothing takes it away again.
  await mount(record.disk.afterLoss({ keepsName: () => false, keeps: (_, forced) => forced ?? Buffer.alloc(0) }))
  await startMachineAgain(first.data)
  await (await serve()).kill()
  expect(isSame(await readTree(mirror ?? ''), after)).toBe(true)
}, 7_200_000)

function isSame(left: ReadonlyMap<string, Buffer>, right: ReadonlyMap<string, Buffer>): boolean {
  return left.size === right.size && [...left].every(([path, content]) => right.get(path)?.equals(content) === true)
}
