import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { link, readdir, readFile, rename, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from '@jest/globals'
import { DeltaError } from '../../src/support/errors.js'
import { type Lock, takeLock, tryLock } from '../../src/support/lock.js'
import type { LockHolder } from '../../src/support/lock-holder.js'
import { contenders } from '../helpers/contenders.js'
import { temporaryDirectory } from '../helpers/workspace.js'

let directory = ''
let path = ''

beforeEach(async () => {
  directory = await temporaryDirectory()
  path = join(directory, 'push.lock')
})

async function won(): Promise<Lock> {
  const result = await tryLock(path)
  if ('release' in result) return result
  throw new Error(`It is held by process ${result.pid}.`)
}

async function lost(): Promise<LockHolder> {
  const result = await tryLock(path)
  if ('release' in result) throw new Error('It was free.')
  return result
}

/** The holder as this process writes it, with something changed. */
async function writeHolder(change: Partial<LockHolder>): Promise<void> {
  const lock = await won()
  await lock.release()
  await writeFile(path, JSON.stringify({ ...lock.holder, nonce: 'theirs', ...change }))
}

/** The number of a process that has ended. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' })
  await once(child, 'close')
  return child.pid ?? 0
}

describe('a lock', () => {
  test('has one holder, and is free afterwards', async () => {
    const lock = await won()
    expect((await lost()).pid).toBe(process.pid)
    await lock.verify()
    await lock.release()
    await (await won()).release()
    expect(await readdir(directory)).toEqual([])
  })

  test('is waited for, and the wait ends', async () => {
    const busy = (holder: LockHolder) => new DeltaError('already-running', `held by ${holder.pid}`)
    const lock = await won()
    await expect(takeLock(path, { milliseconds: 60, busy })).rejects.toMatchObject({ code: 'already-running' })
    setTimeout(() => void lock.release(), 60)
    const next = await takeLock(path, { milliseconds: 5000, busy })
    await next.verify()
    await next.release()
  })

  test('that was away with its folder when it was released is nobody’s when it comes back (row 31)', async () => {
    const lock = await won()
    await rename(directory, `${directory}-away`)
    await lock.release()
    await rename(`${directory}-away`, directory)
    await (await won()).release()
    expect(await readdir(directory)).toEqual([])
  })

  test('that was taken over is noticed before anything is done, and not released (row 18)', async () => {
    const lock = await won()
    await writeFile(path, JSON.stringify({ ...lock.holder, nonce: 'theirs' }))
    await expect(lock.verify()).rejects.toMatchObject({ code: 'already-running' })
    await lock.release()
    expect(JSON.parse(await readFile(path, 'utf8')).nonce).toBe('theirs')
  })
})

describe('a dead holder’s lock is taken over (row 16)', () => {
  test('it was killed', async () => {
    await writeHolder({ pid: await deadPid() })
    await (await won()).release()
  })

  test('its number was given to another process (row 17)', async () => {
    await writeHolder({ started: '12345' })
    await (await won()).release()
  })

  test('the machine was started again', async () => {
    await writeHolder({ boot: 'another' })
    await (await won()).release()
  })

  test('it was killed, and its parent has not noticed', async () => {
    // A shell that never waits for its child: the child stays in the list of processes as a zombie.
    const parent = spawn('sh', ['-c', 'sleep 0.3 & echo $!; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    try {
      const [line] = await once(parent.stdout, 'data')
      const pid = Number(String(line).trim())
      const stat = async (): Promise<string[]> =>
        (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? []
      while ((await stat())[0] !== 'Z') await new Promise((resolve) => setTimeout(resolve, 10))
      await writeHolder({ pid, started: (await stat())[19] ?? '' })
      await (await won()).release()
    } finally {
      parent.kill('SIGKILL')
    }
  })

  test.each(['', '{', '[]', 'null', '{"pid":"1"}', '{"pid":-1}', '{"pid":1.5}', '\0\0\0\0', '{"pid":1e999}'])(
    'what it says is %j',
    async (text) => {
      await writeFile(path, text)
      await (await won()).release()
    },
  )

  test('what was left by killed contenders goes with it', async () => {
    const pid = await deadPid()
    await writeHolder({ pid })
    for (const name of [`push.lock.${pid}.0123456789ab.tmp`, 'push.lock.takeover', 'push.lock.takeover.takeover'])
      await link(path, join(directory, name))
    const old = join(directory, `push.lock.${pid}.ba9876543210.tmp`)
    await writeFile(old, '')
    await utimes(old, 0, 0)
    await writeFile(join(directory, 'push.lock.txt'), 'not ours')
    await (await won()).release()
    expect(await readdir(directory)).toEqual(['push.lock.txt'])
  })
})

describe('a lock is not stolen', () => {
  test('from a holder on another machine, however old (row 17)', async () => {
    await writeHolder({ host: `not-${hostname()}`, pid: await deadPid(), boot: 'x', since: '1970-01-01T00:00:00.000Z' })
    expect((await lost()).host).toBe(`not-${hostname()}`)
  })

  test('from a process of somebody else', async () => {
    const fields = (await readFile('/proc/1/stat', 'utf8')).split(') ').at(-1)?.split(' ')
    await writeHolder({ pid: 1, started: fields?.[19] ?? '' })
    expect((await lost()).pid).toBe(1)
  })

  test('nor are the files of contenders that live, or have just begun to write', async () => {
    const lock = await won()
    const files = [`push.lock.${process.pid}.0123456789ab.tmp`, 'push.lock.takeover']
    for (const name of files) await writeFile(join(directory, name), JSON.stringify(lock.holder))
    await writeFile(join(directory, 'push.lock.1.0123456789ab.tmp'), '')
    await lock.release()
    await (await won()).release()
    expect((await readdir(directory)).sort()).toEqual(['push.lock.1.0123456789ab.tmp', ...files].sort())
  })
})

describe('eight processes at once (rows 15, 16)', () => {
  test('every round has exactly one winner, whether the lock is free or a dead holder’s', async () => {
    const rounds = 120
    const pid = await deadPid()
    await writeHolder({ pid })
    const dead = await readFile(path, 'utf8')
    const crowd = await contenders(8, directory)
    try {
      for (let round = 0; round < rounds; round++) {
        const file = join(directory, `round-${round}.lock`)
        if (round % 4 !== 0) await writeFile(file, round % 4 === 1 ? 'garbage' : dead)
        if (round % 4 === 3) await writeFile(`${file}.takeover`, dead)
        expect((await crowd.all(`take ${file}`)).sort()).toEqual([
          'lost',
          'lost',
          'lost',
          'lost',
          'lost',
          'lost',
          'lost',
          'won',
        ])
        await crowd.all('release')
      }
      expect((await readdir(directory)).filter((name) => name.startsWith('round-'))).toEqual([])
    } finally {
      await crowd.end()
    }
  })

  test('a winner that is killed loses to exactly one of the others, within a second', async () => {
    const crowd = await contenders(8, directory)
    try {
      for (let left = 8; left > 1; left--) {
        expect((await crowd.all(`take ${path}`)).filter((word) => word === 'won')).toHaveLength(1)
        await crowd.kill('won')
      }
      const started = performance.now()
      expect(await crowd.all(`take ${path}`)).toEqual(['won'])
      expect(performance.now() - started).toBeLessThan(1000)
    } finally {
      await crowd.end()
    }
  })
})
