import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { gunzipSync, gzipSync } from 'node:zlib'
import { beforeEach, describe, expect, test } from '@jest/globals'
import type { Receiver, Upload, UploadResult } from '../../src/delivery/receiver.js'
import { NO_OPERATIONS } from '../../src/delta/operation.js'
import { EMPTY_TREE } from '../../src/support/git.js'
import {
  arrived,
  created,
  deleted,
  draft,
  moved,
  packed,
  Sender,
  type Step,
  updated,
  WORKSPACE,
} from '../helpers/bundles.js'
import { codeOf, expectExactly, type TestReceiver } from '../helpers/receivers.js'

export interface Subject {
  /** Reaches the receiver, as the client of a workspace. */
  readonly connect: (workspacePath: string) => Receiver
  /** What stands behind it. */
  readonly behind: TestReceiver
}

const signal = new AbortController().signal

/** What every receiver of ours promises, whatever way it is reached. */
export function receiverContract(name: string, make: () => Promise<Subject>): void {
  describe(name, () => {
    let subject: Subject
    let receiver: Receiver
    let sender = new Sender()

    beforeEach(async () => {
      subject = await make()
      receiver = subject.connect(WORKSPACE)
      sender = new Sender()
    })

    const send = (upload: Upload): Promise<UploadResult> => receiver.upload(upload, signal)
    const bundle = (steps: readonly Step[], sequence?: number) => uploadFrom(sender, steps, sequence)
    const status = () => receiver.status(signal)

    test('a workspace that it never saw is empty, at sequence 0', async () => {
      expect(await status()).toMatchObject({ sequence: 0, tree: EMPTY_TREE, lastBundleId: null, lastUpload: null })
      expect(await status()).toMatchObject({ pendingOperations: 0, isProcessing: false, canListTree: true })
      expect(await receiver.listTree(signal)).toEqual([])
    })

    test('a bundle is applied, and the tree that it computed proves it', async () => {
      const sent = await bundle([created('src/a.ts', 'one\n'), created('b', 'two')])
      const result = await send(sent)
      expect(result).toMatchObject({ kind: 'applied', sequence: 1, tree: sent.tree })
      expect(result).toMatchObject({ operations: { created: 2, updated: 0, deleted: 0, moved: 0 } })
      const told = await status()
      expect(told).toMatchObject({ sequence: 1, tree: sent.tree, lastBundleId: sent.bundleId, pendingOperations: 0 })
      expect(told.mirror).toBe('mirror' in result ? result.mirror : '')
      await expectExactly(subject.behind, sender.files)
    })

    test('every kind of change, one bundle after another', async () => {
      await send(await bundle([created('a', '1'), created('d/b', '2'), created('c', '3')]))
      await send(await bundle([deleted('c'), moved('d/b', 'e/f', true), updated('a', '1b')]))
      const last = await bundle([deleted('a'), created('a/b', 'a file became a folder')])
      expect(await send(last)).toMatchObject({ kind: 'applied', sequence: 3, tree: last.tree })
      await expectExactly(subject.behind, sender.files)
    })

    test('its listing is the tree', async () => {
      const hostile = ['new\nline', 'ä/日本語', '-rf', '__proto__', 'quo"te', 'manifest.json']
      await send(await bundle(hostile.map((path) => created(path, path))))
      const listed = await receiver.listTree(signal)
      expect(listed.map(({ path }) => path).sort()).toEqual([...hostile].sort())
      for (const { path, blob } of listed) expect(blob).toBe(blobId(path))
    })

    test('the same bundle again gets the same answer, and has no second effect (rows 63, 80)', async () => {
      const first = await bundle([created('a', '1')])
      const answer = await send(first)
      expect(await send(first)).toEqual(answer)
      const second = await bundle([deleted('a'), created('b', '2')])
      await send(second)
      expect(await send(first)).toEqual(answer)
      expect(await status()).toMatchObject({ sequence: 2, tree: second.tree, lastBundleId: second.bundleId })
      await expectExactly(subject.behind, sender.files)
    })

    test('two deliveries of one bundle at the same time have one effect (row 80)', async () => {
      const sent = await bundle([created('a', '1')])
      const answers = await Promise.all([send(sent), send(sent), send(sent)])
      expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
      expect(await status()).toMatchObject({ sequence: 1, lastBundleId: sent.bundleId })
    })

    test.each([0, 1, 3, 99])('number %i after 1 is a mismatch, and changes nothing (row 77)', async (sequence) => {
      const first = await bundle([created('a', '1')])
      await send(first)
      const other = await bundle([updated('a', '2')], sequence)
      expect(await send(other)).toEqual({ kind: 'sequence mismatch', expected: 2 })
      expect(await status()).toMatchObject({ sequence: 1, tree: first.tree, lastBundleId: first.bundleId })
    })

    test('a bundle that was made for another tree is a tree mismatch, and changes nothing', async () => {
      const first = await bundle([created('a', '1')])
      await send(first)
      const elsewhere = new Sender()
      await uploadFrom(elsewhere, [created('other', 'x')])
      expect(await send(await uploadFrom(elsewhere, [created('b', '2')]))).toEqual({ kind: 'tree mismatch' })
      expect(await status()).toMatchObject({ sequence: 1, tree: first.tree, lastBundleId: first.bundleId })
      await expectExactly(subject.behind, new Map([['a', '1']]))
    })

    test('one id with other bytes is refused (row 94)', async () => {
      const sent = await bundle([created('a', '1')])
      await send(sent)
      await writeFile(sent.path, gzipSync(gunzipSync(await readFile(sent.path)), { level: 1 }))
      const again = await arrived(await readFile(sent.path))
      expect(await codeOf(send({ ...sent, bytes: again.bytes, digest: again.digest }))).toBe('bundle-refused')
    })

    test.each<[string, (made: ReturnType<typeof draft>) => void]>([
      ['a path that leaves the workspace (row 88)', (made) => rename(made, '../x')],
      ['a path into .git (row 47)', (made) => rename(made, '.git/hooks/x')],
      [
        'a wrong hash (row 94)',
        (made) => void Object.assign(made.operations[0] ?? {}, { content_hash: `sha1:${'0'.repeat(40)}` }),
      ],
      ['no content (row 94)', (made) => void made.members.splice(0)],
      ['a wrong count (row 94)', (made) => void Object.assign(made.manifest, { total_files: 7 })],
    ])('%s is refused, and changes nothing', async (_, spoil) => {
      const made = draft([created('a', '1')])
      spoil(made)
      const { path, digest, bytes } = await arrived(packed(made))
      const upload = { path, digest, bytes, bundleId: made.top, sequence: 1, steps: NO_OPERATIONS }
      expect(await codeOf(receiver.upload(upload, signal))).toBe('bundle-refused')
      expect(await status()).toMatchObject({ sequence: 0, tree: EMPTY_TREE })
    })

    test('what is no bundle at all is refused', async () => {
      for (const bytes of [Buffer.alloc(0), Buffer.from('hello'), Buffer.alloc(100_000, 7)]) {
        const { path, digest } = await arrived(bytes)
        const upload = { path, digest, bytes: bytes.length, bundleId: WORKSPACE, sequence: 1, steps: NO_OPERATIONS }
        expect(await codeOf(receiver.upload(upload, signal))).toBe('bundle-refused')
      }
    })

    test('workspaces do not see each other, though their folders are called the same', async () => {
      await send(await bundle([created('a', '1')]))
      const other = subject.connect('/home/bob/project')
      expect(await other.status(signal)).toMatchObject({ sequence: 0, tree: EMPTY_TREE })
      expect(other.key).not.toBe(receiver.key)
    })
  })
}

async function uploadFrom(
  sender: Sender,
  steps: readonly Step[],
  sequence = sender.sequence + 1,
): Promise<Upload & { readonly tree: string }> {
  const { id, path, bytes, digest, tree } = await sender.bundle(steps, { sequence })
  return { path, bytes, digest, tree, bundleId: id, sequence, steps: NO_OPERATIONS }
}

function rename(made: ReturnType<typeof draft>, path: string): void {
  Object.assign(made.operations[0] ?? {}, { path })
  const [member] = made.members
  if (member !== undefined) made.members[0] = { ...member, name: `${made.top}/files/created/${path}` }
}

function blobId(content: string): string {
  return createHash('sha1')
    .update(`blob ${Buffer.byteLength(content)}\0${content}`)
    .digest('hex')
}
