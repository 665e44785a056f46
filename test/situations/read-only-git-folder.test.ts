import { existsSync } from 'node:fs'
import { chmod, mkdir, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import { counts, expectMirror, giveToNobody, push, thisMachine } from '../helpers/command.js'
import { gitRepository, temporaryDirectory, writeTree } from '../helpers/workspace.js'

const closed: string[] = []

afterEach(async () => {
  for (const path of closed.splice(0)) await chmod(path, 0o755).catch(() => undefined)
})

async function close(path: string, mode: number): Promise<void> {
  closed.push(path)
  await chmod(path, mode)
}

describe('faults.md row 7: a git folder that cannot be written', () => {
  test('has the state in the user’s own folder, with a notice', async () => {
    const root = await gitRepository({ files: { a: 'a' } })
    const { home } = await thisMachine()
    await giveToNobody(root)
    await close(join(root, '.git'), 0o555)
    const first = await push(root, [], { asNobody: true })
    await expectMirror(first, { a: 'a' })
    expect(first.events.some(({ event, message }) => event === 'notice' && String(message).includes(home))).toBe(true)
    expect(existsSync(join(root, '.git/ce-delta'))).toBe(false)
    await writeTree(root, { b: 'b' })
    await giveToNobody(join(root, 'b'))
    const second = await expectMirror(await push(root, [], { asNobody: true }), { a: 'a', b: 'b' })
    expect(second.operations).toEqual(counts(1))
    await chmod(join(root, '.git'), 0o755)
    expect((await expectMirror(await push(root, [], { asNobody: true }), { a: 'a', b: 'b' })).outcome).toBe('unchanged')
    expect(existsSync(join(root, '.git/ce-delta/config'))).toBe(true)
  })

  test('and no other folder either: it fails, and says where it tried', async () => {
    const root = await gitRepository({ files: { a: 'a' } })
    const { home } = await thisMachine()
    await giveToNobody(root)
    await close(join(root, '.git'), 0o555)
    await close(home, 0o555)
    const result = await push(root, [], { asNobody: true })
    if (process.getuid?.() === 0) expect(result.exitCode).toBe(1)
    expect(result.report.error?.message ?? '').toContain(home)
  })
})

test('a home that cannot be entered is no obstacle', async () => {
  const root = await gitRepository({ files: { a: 'a' } })
  const home = await temporaryDirectory()
  await mkdir(join(home, '.config/git'), { recursive: true })
  await giveToNobody(root)
  await close(home, 0o000)
  await expectMirror(await push(root, [], { asNobody: true, env: { HOME: home, GIT_CONFIG_GLOBAL: undefined } }), {
    a: 'a',
  })
})

test('faults.md row 99: what is kept is for its owner only, whatever the umask is', async () => {
  const root = await gitRepository({ files: { a: 'a' } })
  const endpoint = ['--endpoint', 'http://127.0.0.1:9']
  const result = await push(root, [], { umask: '0000' })
  await expectMirror(result, { a: 'a' })
  await writeTree(root, { a: 'changed' })
  const queued = await push(root, endpoint, { umask: '0000', env: { REMOTE_UPLOAD_MAX_RETRIES: '0' } }).then(
    (r) => r.exitCode,
  )
  expect(queued).toBe(4)
  const state = join(root, '.git/ce-delta')
  const modeOf = async (path: string) => (await stat(path)).mode & 0o777
  expect(await modeOf(state)).toBe(0o700)
  const outbox = join(state, 'outbox')
  const names: string[] = []
  for (const receiver of await readdir(outbox)) {
    expect(await modeOf(join(outbox, receiver))).toBe(0o700)
    for (const name of await readdir(join(outbox, receiver))) {
      names.push(name)
      expect(await modeOf(join(outbox, receiver, name))).toBe(0o600)
    }
  }
  expect(names.length).toBe(2)
  await chmod(state, 0o777)
  await push(root)
  expect(await modeOf(state)).toBe(0o700)
})
