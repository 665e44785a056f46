import { createHash, randomUUID } from 'node:crypto'
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from '@jest/globals'
import { Outbox, type OutboxEntry } from '../../src/delivery/outbox.js'
import { temporaryDirectory } from '../helpers/workspace.js'

const [T1, T2] = ['1'.repeat(40), '2'.repeat(40)] as [string, string]

let directory = ''
let outbox = new Outbox('')

beforeEach(async () => {
  directory = join(await temporaryDirectory(), 'outbox')
  outbox = new Outbox(directory)
})

async function add(position: number, content = `bundle ${position}`): Promise<OutboxEntry> {
  const bundleId = randomUUID()
  await writeFile(await outbox.reserve(position, bundleId), content)
  const entry: OutboxEntry = {
    position,
    bundleId,
    sequence: position,
    base: T1,
    target: T2,
    createdAt: '2026-01-01T00:00:00.000Z',
    bytes: content.length,
    digest: `sha256:${createHash('sha256').update(content).digest('hex')}`,
    operations: { created: 1, updated: 0, deleted: 0, moved: 0 },
    attemptedAt: null,
  }
  await outbox.put(entry)
  return entry
}

const entryFile = (entry: OutboxEntry): string => outbox.bundlePath(entry).replace(/tar\.gz$/, 'json')

describe('the outbox', () => {
  test('is empty where nothing was ever put', async () => {
    expect(await outbox.list()).toEqual([])
    await outbox.collect()
  })

  test('keeps its order, whatever the names are', async () => {
    const entries = new Map<number, OutboxEntry>()
    for (const position of [10, 2, 1, 999_999, 1_000_000, 30]) entries.set(position, await add(position))
    const listed = await outbox.list()
    expect(listed.map(({ position }) => position)).toEqual([1, 2, 10, 30, 999_999, 1_000_000])
    expect(listed[0]).toEqual(entries.get(1))
    await outbox.collect()
    expect(await readdir(directory)).toHaveLength(12)
  })

  test('is for its owner only (row 99)', async () => {
    const entry = await add(1)
    expect((await stat(directory)).mode & 0o777).toBe(0o700)
    expect((await stat(entryFile(entry))).mode & 0o777).toBe(0o600)
  })

  test('replaces an entry whole: the attempt is kept', async () => {
    const entry = await add(1)
    await outbox.put({ ...entry, attemptedAt: '2026-01-02T00:00:00.000Z' })
    expect(await outbox.list()).toEqual([{ ...entry, attemptedAt: '2026-01-02T00:00:00.000Z' }])
    expect(await readdir(directory)).toHaveLength(2)
  })

  test('removes both halves, and does not mind doing it twice', async () => {
    const entry = await add(1)
    await outbox.remove(entry)
    await outbox.remove(entry)
    expect(await readdir(directory)).toEqual([])
  })

  test('two receivers do not see each other', async () => {
    await add(1)
    expect(await new Outbox(`${directory}-other`).list()).toEqual([])
  })
})

describe('a damaged bundle (row 9)', () => {
  test.each<[string, (path: string) => Promise<void>]>([
    ['cut off', async (path) => writeFile(path, (await readFile(path)).subarray(0, 3))],
    ['empty', async (path) => writeFile(path, '')],
    ['one bit flipped', async (path) => writeFile(path, flipped(await readFile(path)))],
    ['grown', async (path) => writeFile(path, `${await readFile(path, 'utf8')}x`)],
    ['missing', async (path) => rm(path)],
  ])('%s: it is not intact', async (_, damage) => {
    const [entry, sound] = [await add(1), await add(2)]
    await damage(outbox.bundlePath(entry))
    expect(await outbox.isIntact(entry)).toBe(false)
    expect(await outbox.isIntact(sound)).toBe(true)
  })
})

describe('half of a pair (row 10)', () => {
  test('a bundle without an entry is no entry, and is collected', async () => {
    const [lost, kept] = [await add(1), await add(2)]
    await rm(entryFile(lost))
    expect(await outbox.list()).toEqual([kept])
    await outbox.collect()
    expect((await readdir(directory)).sort()).toEqual(namesOf(kept))
  })

  test('every truncation and every flipped bit of an entry leaves the others alone', async () => {
    const [entry, kept] = [await add(1), await add(2)]
    const sound = await readFile(entryFile(entry))
    for (let length = 0; length < sound.length - 1; length++) {
      await writeFile(entryFile(entry), sound.subarray(0, length))
      expect(await outbox.list()).toEqual([kept])
    }
    for (let at = 0; at < sound.length; at += 7) {
      await writeFile(entryFile(entry), flipped(sound, at))
      const listed = await outbox.list()
      expect(listed.at(-1)).toEqual(kept)
      for (const other of listed.slice(0, -1)) expect(other.position).toBe(1)
    }
  })

  test('an entry under another’s name is no entry', async () => {
    const entry = await add(1)
    await rename(entryFile(entry), join(directory, `000002-${entry.bundleId}.json`))
    expect(await outbox.list()).toEqual([])
    await outbox.collect()
    expect(await readdir(directory)).toEqual([])
  })

  test('temporary files and strangers are collected', async () => {
    const kept = await add(1)
    for (const name of [`${namesOf(kept)[0]}.77.0123456789ab.tmp`, 'notes.txt', '000009-x.tar.gz', '.json'])
      await writeFile(join(directory, name), 'x')
    await outbox.collect()
    expect((await readdir(directory)).sort()).toEqual(namesOf(kept))
  })
})

function namesOf({ position, bundleId }: OutboxEntry): string[] {
  const name = `${String(position).padStart(6, '0')}-${bundleId}`
  return [`${name}.json`, `${name}.tar.gz`]
}

function flipped(bytes: Buffer, at = 0): Buffer {
  const copy = Buffer.from(bytes)
  copy[at] = (copy[at] ?? 0) ^ 1
  return copy
}
