import { chmod, mkdir, open, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from '@jest/globals'
import {
  isTemporary,
  makePrivateDirectory,
  readTextIfPresent,
  removeDurably,
  syncDirectory,
  temporaryName,
  writeDurably,
  writeFileDurably,
} from '../../src/support/durable-files.js'
import { readTree, temporaryDirectory, writeTree } from '../helpers/workspace.js'

let root: string
let file: string

beforeEach(async () => {
  root = await temporaryDirectory()
  file = join(root, 'state.json')
})

async function contents(): Promise<Record<string, string>> {
  return Object.fromEntries([...(await readTree(root))].map(([path, content]) => [path, content.toString()]))
}

/** Windows has no permission bits beyond read-only. */
async function permissions(path: string): Promise<string> {
  const { mode } = await stat(path)
  return process.platform === 'win32' ? 'Windows' : (mode & 0o777).toString(8)
}

const only = (bits: string) => (process.platform === 'win32' ? 'Windows' : bits)

describe('a file is written durably', () => {
  test('where there was none, and nothing else is left', async () => {
    await writeFileDurably(file, 'new')
    expect(await contents()).toEqual({ 'state.json': 'new' })
  })

  test('byte by byte', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte)
    await writeFileDurably(file, bytes)
    expect([...(await readFile(file))]).toEqual([...bytes])
  })

  test('for its owner only, also in place of a file that everybody could read', async () => {
    await writeFileDurably(join(root, 'new'), 'new')
    await writeFile(file, 'old')
    await chmod(file, 0o666)
    await writeFileDurably(file, 'new')

    expect(await permissions(join(root, 'new'))).toBe(only('600'))
    expect(await permissions(file)).toBe(only('600'))
  })

  test('in place of a link, and not through it', async () => {
    await writeTree(root, { elsewhere: 'precious' })
    await symlink(join(root, 'elsewhere'), file)
    await writeFileDurably(file, 'new')
    expect(await contents()).toEqual({ elsewhere: 'precious', 'state.json': 'new' })
  })

  test('by several writers at once: one of them wins as a whole', async () => {
    const drafts = Array.from({ length: 20 }, (_, index) => `${index}-`.repeat(10_000))
    await Promise.all(drafts.map((draft) => writeFileDurably(file, draft)))

    expect(Object.keys(await contents())).toEqual(['state.json'])
    expect(drafts).toContain(await readFile(file, 'utf8'))
  })
})

describe('until it is complete, the old file stands', () => {
  test('while the new one is written, also for whoever has it open', async () => {
    await writeFile(file, 'old')
    const reader = await open(file)
    try {
      await writeDurably(file, async (handle) => {
        await handle.writeFile('new, and longer than the old one')
        await handle.sync()
        expect(await readFile(file, 'utf8')).toBe('old')
      })
      expect(await reader.readFile('utf8')).toBe('old')
    } finally {
      await reader.close()
    }
    expect(await contents()).toEqual({ 'state.json': 'new, and longer than the old one' })
  })

  test('the bytes are on the disk before the name is', async () => {
    const order: string[] = []
    await writeDurably(file, async (handle) => {
      const { sync, close } = handle
      handle.sync = async () => {
        order.push(`sync, ${await readTextIfPresent(file)}`)
        await sync.call(handle)
      }
      handle.close = async () => {
        order.push(`close, ${await readTextIfPresent(file)}`)
        await close.call(handle)
      }
      await handle.writeFile('new')
    })
    expect(order).toEqual(['sync, null', 'close, null'])
  })
})

describe('a failure leaves everything as it was', () => {
  beforeEach(() => writeFile(file, 'old'))

  test('when the writer gives up half-way', async () => {
    const failing = writeDurably(file, async (handle) => {
      await handle.writeFile('half of')
      throw new Error('no more')
    })
    await expect(failing).rejects.toThrow('no more')
    expect(await contents()).toEqual({ 'state.json': 'old' })
  })

  test('when the disk does not confirm the bytes (row 4)', async () => {
    const failing = writeDurably(file, async (handle) => {
      await handle.writeFile('never on the disk')
      handle.sync = () => Promise.reject(new Error('fsync failed'))
    })
    await expect(failing).rejects.toThrow('fsync failed')
    expect(await contents()).toEqual({ 'state.json': 'old' })
  })

  test('when the file cannot be closed', async () => {
    const failing = writeDurably(file, async (handle) => {
      const { close } = handle
      handle.close = async () => {
        await close.call(handle)
        throw new Error('close failed')
      }
    })
    await expect(failing).rejects.toThrow('close failed')
    expect(await contents()).toEqual({ 'state.json': 'old' })
  })

  test('when a folder stands in its place', async () => {
    await writeTree(root, { 'folder/inside': 'kept' })
    await expect(writeFileDurably(join(root, 'folder'), 'new')).rejects.toMatchObject({
      code: expect.stringMatching(/^E(ISDIR|EXIST|PERM|NOTEMPTY)$/),
    })
    expect(await contents()).toEqual({ 'folder/inside': 'kept', 'state.json': 'old' })
  })

  test.each(['missing/state.json', 'state.json/below'])('when there is no folder for %s', async (path) => {
    await expect(writeFileDurably(join(root, path), 'new')).rejects.toMatchObject({
      code: expect.stringMatching(/^ENO(ENT|TDIR)$/),
    })
    expect(await contents()).toEqual({ 'state.json': 'old' })
  })

  test('and it can be tried again', async () => {
    await expect(writeDurably(file, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    await writeFileDurably(file, 'second attempt')
    expect(await contents()).toEqual({ 'state.json': 'second attempt' })
  })
})

describe('temporary names', () => {
  test('are beside the file, never the same twice, and recognised', () => {
    const names = new Set(Array.from({ length: 1000 }, () => temporaryName(file)))
    expect(names.size).toBe(1000)
    for (const name of names) {
      expect(name.startsWith(`${file}.`)).toBe(true)
      expect(isTemporary(name)).toBe(true)
    }
  })

  test.each([
    'state.json',
    'a.tmp',
    'a.1.tmp',
    'a.1.0123456789ab',
    'a.x.0123456789ab.tmp',
    'a.1.0123456789AB.tmp',
    'a.1.0123456789ab.tmp.json',
  ])('%s is nobody’s left-over', (name) => {
    expect(isTemporary(name)).toBe(false)
  })
})

describe('folders and files that come and go', () => {
  test('a private folder is made with all above it, for the owner only, and may exist', async () => {
    const folder = join(root, 'a', 'b')
    await makePrivateDirectory(folder)
    await makePrivateDirectory(folder)
    expect(await permissions(folder)).toBe(only('700'))
    expect(await permissions(join(root, 'a'))).toBe(only('700'))
  })

  test('a file is removed, and it may be gone already', async () => {
    await writeTree(root, { 'state.json': 'old', other: 'kept' })
    await removeDurably(file)
    await removeDurably(file)
    expect(await contents()).toEqual({ other: 'kept' })
  })

  test('a file may be gone together with its folder', async () => {
    await mkdir(join(root, 'outbox'))
    await rm(join(root, 'outbox'), { recursive: true })
    await removeDurably(join(root, 'outbox', 'bundle.tar.gz'))
    expect(await contents()).toEqual({})
  })

  test('a folder is not removed in place of a file', async () => {
    await writeTree(root, { 'folder/inside': 'kept' })
    await expect(removeDurably(join(root, 'folder'))).rejects.toMatchObject({ code: expect.any(String) })
    expect(await contents()).toEqual({ 'folder/inside': 'kept' })
  })

  test('a folder that does not exist cannot be made durable', async () => {
    const missing = syncDirectory(join(root, 'missing'))
    if (process.platform === 'win32') await missing
    else await expect(missing).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

describe('a text that may be missing', () => {
  test('is read where it exists, also when it is empty', async () => {
    await writeTree(root, { 'state.json': 'tëxt\n', empty: '' })
    expect(await readTextIfPresent(file)).toBe('tëxt\n')
    expect(await readTextIfPresent(join(root, 'empty'))).toBe('')
  })

  test('is null where it does not, also below a file', async () => {
    await writeFile(file, 'text')
    expect(await readTextIfPresent(join(root, 'missing', 'state.json'))).toBeNull()
    expect(await readTextIfPresent(join(file, 'below'))).toBeNull()
  })

  test('any other failure is a failure', async () => {
    await expect(readTextIfPresent(root)).rejects.toMatchObject({ code: 'EISDIR' })
  })
})
