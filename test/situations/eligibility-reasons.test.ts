import { rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { counts, expectMirror, filesOf, leftOut, push } from '../helpers/command.js'
import { gitRepository, writeTree } from '../helpers/workspace.js'

const MIB = 1024 * 1024

async function configure(root: string, config: object): Promise<void> {
  await writeFile(join(root, 'ce-delta.config.json'), JSON.stringify(config))
}

describe('a file is left out', () => {
  test('when it is larger than 5 MiB, and not when it is exactly that', async () => {
    const root = await gitRepository({ files: { small: 'x' } })
    await writeTree(root, { exact: Buffer.alloc(5 * MIB, 'a'), over: Buffer.alloc(5 * MIB + 1, 'a') })
    const report = await expectMirror(await push(root), await filesOf(root, ['over']))
    expect(report.skipped).toEqual([{ path: 'over', reason: 'too large', detail: `${5 * MIB + 1} bytes` }])
  })

  test('faults.md row 34: when it grows past the limit, and comes back when it shrinks', async () => {
    const root = await gitRepository({ files: { 'grows.txt': 'small', keep: 'x' } })
    await expectMirror(await push(root), await filesOf(root))
    await truncate(join(root, 'grows.txt'), 5 * 1024 * MIB)
    const grown = await expectMirror(await push(root), { keep: 'x' })
    expect(grown.operations).toEqual(counts(0, 0, 1))
    expect(leftOut(grown)).toEqual(['too large: grows.txt'])
    expect(leftOut(await expectMirror(await push(root), { keep: 'x' }))).toEqual(['too large: grows.txt'])
    await truncate(join(root, 'grows.txt'), 3)
    await expectMirror(await push(root), { 'grows.txt': 'sma', keep: 'x' })
  })

  test.each<[number | string, number]>([
    [10, 10],
    ['2 KiB', 2048],
    ['1kB', 1000],
  ])('when it is larger than maxFileSize %p', async (maxFileSize, limit) => {
    const root = await gitRepository()
    await configure(root, { maxFileSize, exclude: ['ce-delta.config.json'] })
    await writeTree(root, { fits: 'x'.repeat(limit), over: 'x'.repeat(limit + 1) })
    const report = await expectMirror(await push(root), { fits: 'x'.repeat(limit) })
    expect(leftOut(report)).toEqual(['too large: over'])
  })

  test('when a NUL is among its first 8,000 bytes', async () => {
    const withNulAt = (index: number) => Buffer.concat([Buffer.alloc(index, 'a'), Buffer.from([0, 10])])
    const root = await gitRepository({ files: { at0: withNulAt(0), at7999: withNulAt(7999), at8000: withNulAt(8000) } })
    await writeTree(root, {
      empty: '',
      bom: '\ufeff',
      long: 'x'.repeat(200_000),
      utf16: Buffer.from('text', 'utf16le'),
    })
    const report = await expectMirror(await push(root), await filesOf(root, ['at0', 'at7999', 'utf16']))
    expect(leftOut(report)).toEqual(['binary: at0', 'binary: at7999', 'binary: utf16'])
  })

  test('when it becomes binary: the copy is deleted; when it is text again, it returns', async () => {
    const root = await gitRepository({ files: { file: 'text', other: 'x' } })
    await expectMirror(await push(root), { file: 'text', other: 'x' })
    await writeTree(root, { file: Buffer.from([1, 0, 2]) })
    const report = await expectMirror(await push(root), { other: 'x' })
    expect(report.operations).toEqual(counts(0, 0, 1))
    await writeTree(root, { file: 'text again' })
    await expectMirror(await push(root), { file: 'text again', other: 'x' })
  })

  test.each([
    '.env',
    '.env.local',
    'deep/.ENV',
    'id_rsa',
    'server.pem',
    'x/private.key',
    '.docker/config.json',
    '.netrc',
  ])('faults.md row 99: when its name says secret: %s', async (name) => {
    const root = await gitRepository({ files: { [name]: 'CANARY', code: 'x' } })
    const result = await push(root)
    const report = await expectMirror(result, { code: 'x' })
    expect(report.skipped).toEqual([{ path: name, reason: 'secret by name' }])
    expect(result.stdout + result.stderr).not.toContain('CANARY')
  })

  test('and not when its name is that of a placeholder or of a public key', async () => {
    const files = { '.env.example': 'A=', 'id_rsa.pub': 'ssh-rsa', 'environment.ts': '', 'keys/index.ts': '' }
    const root = await gitRepository({ files })
    expect((await expectMirror(await push(root), files)).skipped).toEqual([])
  })

  test('by names that the configuration adds, and not by those that it allows', async () => {
    const root = await gitRepository({ files: { 'a.token': 's', 'test/fixture.pem': 'fixture', 'other.pem': 's' } })
    await configure(root, { secrets: { names: ['*.token'], allow: ['test/fixture.pem'] } })
    const report = await expectMirror(await push(root), await filesOf(root, ['a.token', 'other.pem']))
    expect(leftOut(report)).toEqual(['secret by name: a.token', 'secret by name: other.pem'])
  })
})

describe('when the rules change', () => {
  test('files that are no longer eligible leave, and come back when they are', async () => {
    const files = { 'a.txt': 'a', 'big.txt': 'x'.repeat(2000), 'my.token': 't', 'icon.bin': Buffer.from([0]) }
    const root = await gitRepository({ files })
    await expectMirror(await push(root), await filesOf(root, ['icon.bin']))
    await configure(root, { maxFileSize: 1000, secrets: { names: ['*.token'] }, exclude: ['a.txt'] })
    const strict = await expectMirror(
      await push(root),
      await filesOf(root, ['a.txt', 'big.txt', 'my.token', 'icon.bin']),
    )
    expect(strict.operations).toEqual(counts(1, 0, 3))
    expect(leftOut(strict)).toEqual(['binary: icon.bin', 'secret by name: my.token', 'too large: big.txt'])
    await configure(root, { binaries: true })
    const loose = await expectMirror(await push(root), await filesOf(root))
    expect(loose.operations).toEqual(counts(4, 1, 0))
    await rm(join(root, 'ce-delta.config.json'))
    await expectMirror(await push(root), await filesOf(root, ['icon.bin']))
  })

  test('a tracked file is judged again although nothing in it changed', async () => {
    const root = await gitRepository({ files: { 'one.txt': '12345', 'two.txt': '1' } })
    await configure(root, { maxFileSize: 100 })
    await expectMirror(await push(root), await filesOf(root))
    await configure(root, { maxFileSize: 4, exclude: ['*.json'] })
    const report = await expectMirror(await push(root), { 'two.txt': '1' })
    expect(leftOut(report)).toEqual(['too large: one.txt'])
  })
})
