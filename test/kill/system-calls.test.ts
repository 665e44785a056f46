import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from '@jest/globals'
import { ended, push, thisMachine } from '../helpers/command.js'
import { editEverything, expectHealed } from '../helpers/killing.js'
import { gitEnvironment, gitRepository } from '../helpers/workspace.js'

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))

/**
 * `push` with the kernel itself at fault: `inject` is what strace does at the kth call of a thread. The children are
 * traced too, so that git is killed as well as node; one worker makes the count of node's deterministic (faults.md 0.7).
 */
async function pushUnder(root: string, call: string, inject: string): Promise<number | null> {
  const { home, data } = await thisMachine()
  const trace = ['-f', '-qq', '-o', '/dev/null', '-e', `trace=${call}`, '-e', `inject=${call}:${inject}`]
  const command = [process.execPath, CLI, 'push', '--json', '--data', data]
  const env = { ...gitEnvironment(), HOME: home, UV_THREADPOOL_SIZE: '1', NODE_OPTIONS: '' }
  const child = spawn('strace', [...trace, ...command], { cwd: root, env, stdio: ['pipe', 'pipe', 'pipe'] })
  return (await ended(child)).exitCode
}

const KILLS = [
  ['rename', [1, 2, 3, 4, 6]],
  ['fsync', [1, 2, 3, 5, 8, 11]],
  ['unlink', [1, 3, 5, 8]],
  ['link', [1, 2]],
  ['openat', [40, 120, 200]],
  ['mkdir', [1, 2, 4]],
  ['write', [3, 20]],
] as const

describe('the kernel kills a push, or git below it, at a system call (rows 1, 3)', () => {
  test.each(KILLS)(
    '%s',
    async (call, moments) => {
      const root = await gitRepository()
      const { data } = await thisMachine()
      await editEverything(root, 1)
      await push(root)
      let turn = 1
      let kills = 0
      for (const moment of moments) {
        await editEverything(root, ++turn)
        if ((await pushUnder(root, call, `signal=SIGKILL:when=${moment}`)) !== 0) kills++
        await expectHealed(root, () => push(root), [data])
      }
      expect(kills).toBeGreaterThan(0)
    },
    1_200_000,
  )
})

describe('fsync fails once (row 4)', () => {
  test('with EIO, in node or in git', async () => {
    const root = await gitRepository()
    const { data } = await thisMachine()
    await editEverything(root, 1)
    await push(root)
    for (let moment = 1; moment <= 8; moment++) {
      await editEverything(root, moment + 1)
      await pushUnder(root, 'fsync', `error=EIO:when=${moment}`)
      await expectHealed(root, () => push(root), [data])
    }
    expect(await push(root)).toMatchObject({ exitCode: 0, report: { outcome: 'unchanged' } })
  }, 1_200_000)
})
