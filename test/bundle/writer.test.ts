import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import { readContents } from '../../src/bundle/contents.js'
import { DEFAULT_LIMITS, openBundle } from '../../src/bundle/reader.js'
import { writeBundle } from '../../src/bundle/writer.js'
import type { BlobPiece, TreeFile } from '../../src/support/git-objects.js'
import { created, deleted, moved, Sender, type SentBundle, type Step, updated } from '../helpers/bundles.js'
import { codeOf } from '../helpers/receivers.js'
import { readWithPython } from '../helpers/tarfile.js'
import { readTree, temporaryDirectory } from '../helpers/workspace.js'

const run = promisify(execFile)
const LONG = `${'d'.repeat(90)}/${'e'.repeat(90)}/${'f'.repeat(90)}/${'g'.repeat(200)}`
const CONTENTS: Readonly<Record<string, string | Uint8Array>> = {
  'z first': 'order of the operations, not of the names',
  empty: '',
  '512': 'x'.repeat(512),
  '511': 'x'.repeat(511),
  large: new Uint8Array(3_000_000).map((_, at) => (at * 7919) % 251),
  [LONG]: 'long',
  [`${'p'.repeat(99)}/${'q'.repeat(60)}`]: 'splits into prefix and name',
  'new\nline': 'newline',
  'quo"te\\back': 'quotes',
  'ä/日本語/😀': 'unicode',
  'a\u0308': 'decomposed',
  __proto__x: 'x',
  'manifest.json': '{}',
}
const STEPS = Object.entries(CONTENTS).map(([path, content]) => created(path, content))

/** A second bundle with every kind of operation. */
async function mixed(): Promise<{ bundle: SentBundle; steps: Step[] }> {
  const sender = new Sender()
  await sender.bundle([created('old', 'o'), created('from', 'moved'), created('bare', 'bare'), created('change', '1')])
  const steps = [
    deleted('old'),
    moved('from', 'to'),
    moved('bare', 'bare too', true),
    updated('change', '2'),
    created('__proto__', 'n'),
  ]
  return { bundle: await sender.bundle(steps), steps }
}

describe('a bundle is read by other programs', () => {
  test('GNU tar lists and unpacks it with the same names and bytes', async () => {
    const bundle = await new Sender().bundle(STEPS)
    const { stdout } = await run('tar', ['tzvf', bundle.path])
    const lines = stdout.trimEnd().split('\n')
    expect(lines).toHaveLength(STEPS.length + 3)
    for (const line of lines) expect(line).toMatch(/^-rw-r--r-- 0\/0 +\d+ 1970-01-01/)
    const target = await temporaryDirectory()
    await run('tar', ['xzf', bundle.path, '-C', target])
    const unpacked = await readTree(join(target, bundle.id, 'files', 'created'))
    expect(unpacked.size).toBe(STEPS.length)
    for (const [path, content] of Object.entries(CONTENTS))
      expect(unpacked.get(path)?.equals(Buffer.from(content))).toBe(true)
  })

  test('Python’s tarfile sees the same members in the same order: the metadata, then the contents as the operations are', async () => {
    const bundle = await new Sender().bundle(STEPS)
    const [members] = await readWithPython([bundle.path])
    if (!Array.isArray(members)) throw new Error(`tarfile says ${members}`)
    const names = ['manifest.json', 'metadata/operations.json', 'metadata/hashes.json']
    const contents = Object.keys(CONTENTS).map((path) => `files/created/${path}`)
    expect(members.map(([name]) => name)).toEqual([...names, ...contents].map((name) => `${bundle.id}/${name}`))
    const bytes = Object.values(CONTENTS).map((content) => Buffer.from(content).toString('hex'))
    expect(members.slice(3).map(([, content]) => content)).toEqual(bytes)
  })

  test('its metadata is as specified', async () => {
    const { bundle } = await mixed()
    const target = await temporaryDirectory()
    await run('tar', ['xzf', bundle.path, '-C', target])
    const read = async (name: string): Promise<unknown> =>
      JSON.parse(await readFile(join(target, bundle.id, name), 'utf8'))
    const sha1 = (text: string): string => `sha1:${createHash('sha1').update(text).digest('hex')}`
    const time = '2025-01-26T01:55:00.000Z'
    expect(await read('manifest.json')).toEqual({
      version: '1.0',
      bundle_id: bundle.id,
      workspace_path: '/home/ada/project',
      collection_name: 'project',
      created_at: time,
      sequence_number: 2,
      parent_sequence: 1,
      parent_tree: expect.stringMatching(/^[0-9a-f]{40}$/),
      tree: bundle.tree,
      operations: { created: 1, updated: 1, deleted: 1, moved: 2 },
      total_files: 5,
      total_size_bytes: 11,
      compression: 'gzip',
      encoding: 'utf-8',
    })
    const common = { language: 'unknown', modified_time: time }
    expect(await read('metadata/operations.json')).toEqual({
      operations: [
        { operation: 'deleted', path: 'old', ...common },
        { operation: 'moved', path: 'to', ...common, source_path: 'from', size_bytes: 5, content_hash: sha1('moved') },
        {
          operation: 'moved',
          path: 'bare too',
          ...common,
          source_path: 'bare',
          size_bytes: 4,
          content_hash: sha1('bare'),
          content_included: false,
        },
        { operation: 'updated', path: 'change', ...common, size_bytes: 1, content_hash: sha1('2') },
        { operation: 'created', path: '__proto__', ...common, size_bytes: 1, content_hash: sha1('n') },
      ],
    })
    const hashes = await readFile(join(target, bundle.id, 'metadata/hashes.json'), 'utf8')
    expect(hashes).toContain(`"__proto__":"${sha1('n')}"`)
    expect([...(await readTree(join(target, bundle.id, 'files'))).keys()]).toEqual([
      'created/__proto__',
      'moved/to',
      'updated/change',
    ])
  })
})

describe('a bundle is read by our reader', () => {
  test('every content, in pieces that add up', async () => {
    const bundle = await new Sender().bundle(STEPS)
    const opened = await openBundle(bundle.path, DEFAULT_LIMITS)
    const contents = opened.records.map((): Buffer[] => [])
    for await (const pieces of readContents(opened, DEFAULT_LIMITS))
      for (const { index, bytes } of pieces) contents[index]?.push(bytes)
    expect(opened.records.map(({ path }) => path)).toEqual(Object.keys(CONTENTS))
    const wanted = Object.values(CONTENTS)
    contents.forEach((pieces, at) => {
      expect(Buffer.concat(pieces).equals(Buffer.from(wanted[at] ?? 'none'))).toBe(true)
    })
  })
})

describe('the bytes', () => {
  const request = {
    id: '00000000-0000-4000-8000-000000000000',
    createdAt: '2025-01-26T01:55:00.000Z',
    workspacePath: '/w',
    collectionName: 'w',
    sequence: 1,
    parentSequence: 0,
    base: '0'.repeat(40),
    target: '1'.repeat(40),
    operations: Array.from({ length: 40 }, (_, n) => ({
      operation: { kind: 'created' as const, path: `${n}${'/long'.repeat(n)}`, blob: `${n}` },
      carriesContent: true,
      bytes: 0,
    })),
  }

  /** Contents of 0 to 390,000 bytes, in pieces of a given size. */
  const blobsIn = (size: number) =>
    async function* (files: readonly TreeFile[]): AsyncGenerator<BlobPiece[]> {
      for (const [index, { blob }] of files.entries()) {
        const content = Buffer.alloc(Number(blob) * 10_000, `content ${blob} `)
        for (let at = 0; at === 0 || at < content.length; at += size) {
          const bytes = content.subarray(at, at + size)
          yield [{ index, size: content.length, bytes, last: at + size >= content.length }]
        }
      }
    }

  test('are the same for the same request, however the contents arrive (faults.md I19)', async () => {
    const folder = await temporaryDirectory()
    const written = []
    for (const size of [2 ** 20, 65_536, 9_999])
      written.push(await writeBundle(join(folder, `${size}`), request, blobsIn(size)))
    const files = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name))))
    expect(files).toHaveLength(3)
    for (const file of files) expect(file.equals(files[0] ?? Buffer.alloc(0))).toBe(true)
    const digest = `sha256:${createHash('sha256')
      .update(files[0] ?? '')
      .digest('hex')}`
    const facts = { bytes: files[0]?.length, digest, operations: { created: 40, updated: 0, deleted: 0, moved: 0 } }
    for (const answer of written) expect(answer).toEqual(facts)
  })

  test('a content that is gone fails it, and nothing is left', async () => {
    const folder = await temporaryDirectory()
    const gone = async function* (): AsyncGenerator<BlobPiece[]> {
      yield [{ index: 0, size: 2, bytes: Buffer.from('x'), last: false }]
    }
    expect(await codeOf(writeBundle(join(folder, 'b.tar.gz'), request, gone))).toBe('objects-missing')
    expect(await readdir(folder)).toEqual([])
  })

  test('the file is private', async () => {
    const path = join(await temporaryDirectory(), 'b.tar.gz')
    await writeBundle(path, request, blobsIn(2 ** 16))
    const { stat } = await import('node:fs/promises')
    if (process.platform !== 'win32') expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(await readdir(dirname(path))).toEqual(['b.tar.gz'])
  })
})
