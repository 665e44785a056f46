import { existsSync } from 'node:fs'
import { readFile, rename, stat, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { ceDelta, thisMachine } from '../helpers/command.js'
import { deltas, expectCopied, flushed, startWatch, watching } from '../helpers/watching.js'
import { git, gitRepository, temporaryDirectory } from '../helpers/workspace.js'

async function ask(root: string, request: string) {
  return await ceDelta(root, ['watch', `--${request}`, '--json'])
}

describe('a running watch', () => {
  test('tells how it is', async () => {
    const root = await gitRepository({ files: { 'a.txt': 'one\n' } })
    const watch = await watching(root)
    const { exitCode, events } = await ask(root, 'status')
    expect(exitCode).toBe(0)
    expect(events[0]).toMatchObject({
      event: 'watch-status',
      pid: watch.child.pid,
      root,
      state: 'equal',
      pending: false,
      pushes: 1,
      sight: { by: 'events' },
      last_push: { sequence: 1 },
      trouble: null,
    })
    const { stdout } = await ceDelta(root, ['watch', '--status'])
    expect(stdout).toMatch(/^watching {3}.*\nreceiver {3}.*\nby {9}events\nstate {6}equal\nlast push /)
  })

  test('pauses, is flushed while it is paused, and goes on', async () => {
    const root = await gitRepository({ files: { 'a.txt': 'one\n' } })
    const watch = await watching(root)
    expect((await ask(root, 'pause')).events[0]).toMatchObject({ state: 'paused' })
    await writeFile(join(root, 'a.txt'), 'two\n')
    await watch.told(({ event, state, pending }) => event === 'state' && state === 'paused' && pending === true)
    await sleep(600)
    expect(deltas(watch.events)).toHaveLength(1)
    expect(await flushed(root)).toMatchObject({ state: 'paused', report: { outcome: 'confirmed' } })
    await expectCopied(root)
    await writeFile(join(root, 'a.txt'), 'three\n')
    await watch.told(({ event, pending }) => event === 'state' && pending === true, watch.events.length - 1)
    expect((await ask(root, 'resume')).exitCode).toBe(0)
    await watch.until((events) => deltas(events).length === 3)
    await expectCopied(root)
  })

  test('a flush is over when what was saved before it has arrived', async () => {
    const root = await gitRepository({ files: { 'a.txt': 'one\n' } })
    await watching(root, ['--settle', '60000'])
    for (const text of ['two\n', 'three\n', 'four\n']) {
      await writeFile(join(root, 'a.txt'), text)
      await flushed(root)
      await expectCopied(root)
    }
  })

  test('a flush that is asked for during a push waits for the next one', async () => {
    const config = JSON.stringify({ afterPush: 'sleep 1' })
    const root = await gitRepository({ files: { 'a.txt': 'one\n', 'ce-delta.config.json': config } })
    const watch = await watching(root)
    await writeFile(join(root, 'a.txt'), 'two\n')
    await watch.told(({ event, sequence }) => event === 'confirmed' && sequence === 2)
    await writeFile(join(root, 'a.txt'), 'three\n')
    await flushed(root)
    await expectCopied(root)
  })

  test('a flush that cannot deliver ends with the exit code of the push', async () => {
    const root = await gitRepository({ files: { 'a.txt': 'one\n' } })
    const env = { REMOTE_UPLOAD_MAX_RETRIES: '0' }
    const watch = await startWatch(root, ['--endpoint', 'http://127.0.0.1:9'], { env })
    await watch.told(({ event }) => event === 'trouble')
    const { exitCode, stderr } = await ceDelta(root, ['watch', '--flush'])
    expect(exitCode).toBe(4)
    expect(stderr).toMatch(/^✗ /)
  })

  test('refuses a second one in the same workspace, not in another worktree', async () => {
    const root = await gitRepository({ files: { 'a.txt': 'one\n' } })
    const watch = await watching(root)
    const second = await ceDelta(join(root, '.'), ['watch'])
    expect(second).toMatchObject({ exitCode: 11, stdout: '' })
    expect(second.stderr).toContain(`process ${watch.child.pid}`)
    await git(root, 'worktree', 'add', '--quiet', `${root}-other`)
    const other = await watching(`${root}-other`)
    expect(await other.stop()).toBe(130)
    await git(root, 'worktree', 'remove', '--force', `${root}-other`)
  })

  test('leaves nothing behind', async () => {
    const root = await gitRepository({ files: { 'a.txt': 'one\n' } })
    const watch = await watching(root)
    expect((await stat(join(root, '.git/ce-delta/watch.json'))).mode & 0o077).toBe(0)
    expect(await watch.stop('SIGTERM')).toBe(143)
    for (const name of ['watch.lock', 'watch.json', 'watch.sock'])
      expect(existsSync(join(root, '.git/ce-delta', name))).toBe(false)
    expect(await ask(root, 'status')).toMatchObject({ exitCode: 2 })
  })

  test('that was killed is no obstacle: nobody answers, and the next one starts', async () => {
    const root = await gitRepository({ files: { 'a.txt': 'one\n' } })
    const watch = await watching(root)
    await watch.stop('SIGKILL')
    expect(existsSync(join(root, '.git/ce-delta/watch.json'))).toBe(true)
    expect(await ask(root, 'status')).toMatchObject({ exitCode: 2 })
    await watching(root)
    expect(await ask(root, 'status')).toMatchObject({ exitCode: 0 })
  })

  test('can be asked where the name of the socket would be too long', async () => {
    const root = join(await temporaryDirectory(), 'x'.repeat(100))
    await rename(await gitRepository({ files: { 'a.txt': 'one\n' } }), root)
    await watching(root)
    expect(await ask(root, 'status')).toMatchObject({ exitCode: 0 })
  })

  test('answers nonsense, and whoever hangs up, without harm', async () => {
    const root = await gitRepository({ files: { 'a.txt': 'one\n' } })
    await watching(root)
    const { address } = JSON.parse(await readFile(join(root, '.git/ce-delta/watch.json'), 'utf8'))
    expect(await said(address, 'nonsense\n')).toContain('"code":"usage"')
    expect(await said(address, 'x'.repeat(5000))).toBe('')
    connect(address).end()
    expect(await ask(root, 'status')).toMatchObject({ exitCode: 0 })
  })

  test('needs a work tree', async () => {
    const { home } = await thisMachine()
    await git(home, 'init', '--quiet', '--bare', 'bare.git')
    expect(await ceDelta(join(home, 'bare.git'), ['watch'])).toMatchObject({ exitCode: 10 })
  })
})

async function said(address: string, text: string): Promise<string> {
  const socket = connect(address)
  let answer = ''
  return await new Promise((resolve) => {
    socket.setEncoding('utf8').on('data', (more: string) => {
      answer += more
    })
    socket.once('error', () => undefined)
    socket.once('close', () => resolve(answer))
    socket.write(text)
  })
}
