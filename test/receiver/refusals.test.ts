import { gzipSync } from 'node:zlib'
import { beforeEach, describe, expect, test } from '@jest/globals'
import type { BundleLimits } from '../../src/bundle/reader.js'
import type { IncomingBundle } from '../../src/receiver/engine.js'
import { arrived, created, type Draft, deleted, draft, metadataOf, moved, packed, Sender, type Step, updated } from '../helpers/bundles.js'
import { codeOf, engineOn, everythingBelow, expectExactly, type TestReceiver, testReceiver } from '../helpers/receivers.js'
import { pax, type TarMember, tarOf } from '../helpers/tar.js'
import { git } from '../helpers/workspace.js'

let receiver: TestReceiver
let sender: Sender
let before: unknown

/** Everything that a refusal must leave as it was (faults.md I12). */
async function everything(): Promise<unknown> {
  const place = `${receiver.data}/workspaces`
  const [slug] = (await everythingBelow(place)).filter((path) => !path.includes('/'))
  return {
    data: await everythingBelow(receiver.data),
    mirrors: await everythingBelow(receiver.mirrors),
    references: await git(`${place}/${slug}/repository.git`, 'for-each-ref'),
  }
}

beforeEach(async () => {
  receiver = await testReceiver()
  sender = new Sender()
  await receiver.engine.apply(await sender.bundle([created('a', '1'), created('dir/b', '2')]))
  before = await everything()
})

/** What a bundle is refused with; that nothing has changed is seen to here. */
async function outcome(bytes: Uint8Array, limits: Partial<BundleLimits> = {}): Promise<string> {
  return await outcomeOf(await arrived(bytes), limits)
}

async function outcomeOf(incoming: IncomingBundle, limits: Partial<BundleLimits> = {}): Promise<string> {
  const code = await codeOf(engineOn(receiver, limits).apply(incoming))
  expect(await everything()).toEqual(before)
  await expectExactly(receiver, sender.files)
  expect((await receiver.engine.status(sender.workspace)).sequence).toBe(1)
  return code
}

function next(...steps: Step[]): Draft {
  return draft(steps, 2, sender.files)
}

const BAD_PATHS = [
  '../x', '/x', '//x', 'a/../../x', './x', 'x/.', 'x//b', 'C:\\x', 'C:/x', '\\\\host\\x', 'x\0y', '', 'x/', 'x/..', '..',
  '.git/hooks/post-checkout', 'sub/.GIT/config', '.git ', 'git~1/x', '.g\u200cit/x', 'x\\.git\\config', '.git::$DATA', '\ud800',
  `${'d/'.repeat(600)}x`, 'n'.repeat(256), `${`${'n'.repeat(200)}/`.repeat(25)}x`,
] // biome-ignore format: a table

describe('faults.md row 88: paths that lead elsewhere', () => {
  test.each(BAD_PATHS)('created %j', async (path) => {
    expect(await outcome(packed(next(created(path, 'evil'))))).toBe('bundle-refused')
  })

  test.each(['../x', '/etc/passwd', '.git/config', ''])('deleted and moved from %j', async (path) => {
    expect(await outcome(packed(next(deleted(path))))).toBe('bundle-refused')
    expect(await outcome(packed(next(moved(path, 'new'))))).toBe('bundle-refused')
  })
})

const strange = (member: TarMember, ...more: TarMember[]): ((made: Draft) => void) => {
  return (made) => {
    made.members.push(member, ...more)
  }
}

describe('faults.md row 89: members that are not plain files', () => {
  test.each<[string, (made: Draft) => void]>([
    ['a symbolic link', strange({ name: 'x', type: '2', link: '/etc/passwd' })],
    ['a hard link', strange({ name: 'x', type: '1', link: 'a' })],
    ['a character device', strange({ name: 'x', type: '3' })],
    ['a block device', strange({ name: 'x', type: '4' })],
    ['a FIFO', strange({ name: 'x', type: '6' })],
    ['a contiguous file', strange({ name: 'x', type: '7' })],
    ['a sparse file', strange({ name: 'x', type: 'S' })],
    ['a GNU long name', strange({ name: '././@LongLink', type: 'L', content: 'files/created/new\0' })],
    ['a GNU long link', strange({ name: '././@LongLink', type: 'K', content: 'x\0' })],
    ['a GNU volume header', strange({ name: 'x', type: 'V' })],
    ['a global PAX header', strange(pax({ path: 'x' }, 'g'))],
    ['a PAX link', strange(pax({ linkpath: '/etc/passwd' }), { name: 'x', content: '' })],
    ['a PAX sparse map', strange(pax({ 'GNU.sparse.major': '1' }), { name: 'x', content: '' })],
    ['a directory with a content', strange({ name: 'x/', type: '5', content: 'x' })],
    ['an announced file as a symbolic link', (made) => {
      made.members = [{ name: `${made.top}/files/created/new`, type: '2', link: '/etc/passwd' }]
    }],
  ])('%s', async (_, change) => {
    const made = next(created('new', 'n'))
    change(made)
    expect(await outcome(packed(made))).toBe('bundle-refused')
  })
})

describe('faults.md row 91: collisions inside a bundle', () => {
  test.each<[string, Step[]]>([
    ['the same path twice', [created('x', '1'), created('x', '2')]],
    ['created and updated', [created('x', '1'), updated('x', '2')]],
    ['deleted twice', [deleted('a'), deleted('a')]],
    ['moved and deleted', [moved('a', 'x'), deleted('a')]],
    ['a file and its own parent', [created('x', '1'), created('x/y', '2')]],
    ['two moves to one place', [moved('a', 'x', true), moved('dir/b', 'x', true)]],
    ['a file where a folder stands', [created('dir', '1')]],
    ['a folder where a file stands', [created('a/x', '1')]],
    ['a move below its own name', [moved('a', 'a/b', true)]],
    ['a move onto its own folder', [moved('dir/b', 'dir', true)]],
  ])('%s', async (_, steps) => {
    expect(await outcome(packed(next(...steps)))).toBe('bundle-refused')
  })
})

type Change = (made: Draft) => void
const manifest = (key: string, value: unknown): Change => (made) => {
  made.manifest[key] = value
}
const operation = (key: string, value: unknown): Change => (made) => {
  made.operations = made.operations.map((record, at) => (at === 0 ? { ...record, [key]: value } : record))
}

describe('faults.md row 94: lies', () => {
  test.each<[string, Change]>([
    ['a wrong hash', operation('content_hash', `sha1:${'0'.repeat(40)}`)],
    ['a hash of another kind', operation('content_hash', `sha256:${'0'.repeat(64)}`)],
    ['two hashes that differ', (made) => Object.assign(made.hashes, { new: `sha1:${'0'.repeat(40)}` })],
    ['a wrong size', operation('size_bytes', 4)],
    ['a negative size', operation('size_bytes', -1)],
    ['an operation without its content', operation('content_included', false)],
    ['an unknown operation', operation('operation', 'chmod')],
    ['a path that is no text', operation('path', 7)],
    ['wrong counts', manifest('operations', { created: 2, updated: 0, deleted: 0, moved: 0 })],
    ['a wrong number of files', manifest('total_files', 2)],
    ['a wrong total size', manifest('total_size_bytes', 1)],
    ['an id that is no UUID', manifest('bundle_id', '../../x')],
    ['another version', manifest('version', '2.0')],
    ['another workspace', manifest('workspace_path', '/somebody/else')],
    ['a sequence that is no number', manifest('sequence_number', 'two')],
    ['a time that is none', manifest('created_at', 'yesterday')],
    ['a missing payload', (made) => made.members.pop()],
    ['a payload twice', (made) => made.members.push(...made.members)],
    ['an extra payload', strange({ name: 'files/created/extra', content: 'x' })],
    ['an extra payload at its place', (made) => made.members.push({ name: `${made.top}/files/created/extra`, content: 'x' })],
    ['a second manifest', (made) => made.members.push({ name: `${made.top}/manifest.json`, content: '{}' })],
  ])('%s', async (_, change) => {
    const made = next(created('new', 'new'))
    change(made)
    expect(await outcome(packed(made))).toBe('bundle-refused')
  })

  test.each<[string, Step]>([
    ['updated', updated('unknown', 'x')],
    ['deleted', deleted('unknown')],
    ['deleted: a folder', deleted('dir')],
    ['moved', moved('unknown', 'x')],
    ['moved without content', moved('unknown', 'x', true)],
  ])('an operation on an unknown path: %s', async (_, step) => {
    expect(await outcome(packed(next(step)))).toBe('bundle-refused')
  })

  test('a move without content whose source holds something else', async () => {
    const made = next(moved('a', 'x', true))
    const hash = `sha1:${'0'.repeat(40)}`
    made.operations = made.operations.map((record) => ({ ...record, content_hash: hash }))
    made.hashes.x = hash
    expect(await outcome(packed(made))).toBe('bundle-refused')
  })

  test('a tree that the bundle does not lead to', async () => {
    const made = next(created('new', 'new'))
    made.manifest.tree = '1'.repeat(40)
    expect(await outcome(packed(made))).toBe('proof-failed')
  })

  test('the same id with other bytes', async () => {
    const made = next(created('new', 'new'))
    made.manifest.bundle_id = (await receiver.engine.status(sender.workspace)).lastBundleId
    expect(await outcome(packed(made))).toBe('bundle-refused')
  })

  test('a large bundle whose last file is wrong leaves no object behind', async () => {
    const made = next(...Array.from({ length: 400 }, (_, n) => created(`new/${n}`, `${n}`.repeat(5000))))
    made.members = made.members.map((member, at) => (at === 399 ? { ...member, content: 'x'.repeat(15000) } : member))
    expect(await outcome(packed(made))).toBe('bundle-refused')
  })
})

describe('faults.md row 90: damaged archives', () => {
  const good = (): Buffer => packed(next(created('new', 'x'.repeat(2000))))
  const plain = (end?: Uint8Array): Buffer => {
    const made = next(created('new', 'x'.repeat(2000)))
    return tarOf([...metadataOf(made), ...made.members], end)
  }

  test.each<[string, () => Uint8Array]>([
    ['nothing', () => Buffer.alloc(0)],
    ['no gzip', () => plain()],
    ['a truncated gzip', () => good().subarray(0, -9)],
    ['a gzip without its check', () => good().subarray(0, -4)],
    ['a wrong check', () => Buffer.concat([good().subarray(0, -8), Buffer.alloc(8)])],
    ['garbage after the gzip', () => Buffer.concat([good(), Buffer.from('garbage')])],
    ['zeros after the gzip', () => Buffer.concat([good(), Buffer.alloc(10)])],
    ['a second archive in the gzip', () => gzipSync(Buffer.concat([plain(), plain()]))],
    ['a second gzip with bytes after the end', () => Buffer.concat([good(), gzipSync('more')])],
    ['no end of the archive', () => gzipSync(plain(Buffer.alloc(0)))],
    ['a cut archive', () => gzipSync(plain().subarray(0, -3000))],
    ['no manifest', () => gzipSync(tarOf([]))],
  ])('%s', async (_, bytes) => {
    expect(await outcome(bytes())).toBe('bundle-refused')
  })
})

describe('faults.md row 93: limits', () => {
  test.each<[string, Partial<BundleLimits>]>([
    ['uncompressed bytes', { uncompressedBytes: 100_000 }],
    ['members', { members: 3 }],
    ['metadata', { metadataBytes: 100 }],
  ])('%s', async (_, limits) => {
    const bytes = packed(next(created('new', new Uint8Array(1_000_000))))
    expect(await outcome(bytes, limits)).toBe('bundle-refused')
  })

  test('deeply nested JSON', async () => {
    const made = next(created('new', 'x'))
    const [first, , last] = metadataOf(made)
    const nested = { name: `${made.top}/metadata/operations.json`, content: `${'['.repeat(200_000)}${']'.repeat(200_000)}` }
    const members = [first, nested, last, ...made.members].filter((member) => member !== undefined)
    expect(await outcome(gzipSync(tarOf(members)))).toBe('bundle-refused')
  })
})

test('faults.md I12: a workspace whose first bundle is refused is never made', async () => {
  const made = next(created('new', 'new'))
  made.manifest.workspace_path = '/other'
  made.members = []
  const incoming = await arrived(packed(made), '/other')
  expect(await outcomeOf({ ...incoming, sequence: 1 })).toBe('bundle-refused')
})
