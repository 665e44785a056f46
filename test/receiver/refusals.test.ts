import { beforeEach, describe, expect, test } from '@jest/globals'
import { arrived, created, type Draft, deleted, moved, packed, type Step, updated } from '../helpers/bundles.js'
import { FilledReceiver } from '../helpers/filled-receiver.js'

let there: FilledReceiver

beforeEach(async () => {
  there = await FilledReceiver.make()
})

const BAD_PATHS = [
  '../x',
  '/x',
  '//x',
  'a/../../x',
  './x',
  'x/.',
  'x//b',
  'C:\\x',
  'C:/x',
  'x\0y',
  '',
  'x/',
  'x/..',
  '..',
  '.git/hooks/post-checkout',
  'sub/.GIT/config',
  '.git ',
  'git~1/x',
  '.g\u200cit/x',
  'x\\.git\\config',
  '.git::$DATA',
  '\ud800',
  `${'d/'.repeat(600)}x`,
  'n'.repeat(256),
  `${`${'n'.repeat(200)}/`.repeat(25)}x`,
]

describe('faults.md row 88: paths that lead elsewhere', () => {
  test.each(BAD_PATHS)('created %j', async (path) => {
    expect(await there.outcome(packed(there.next(created(path, 'evil'))))).toBe('bundle-refused')
  })

  test.each(['../x', '/etc/passwd', '.git/config', ''])('deleted and moved from %j', async (path) => {
    expect(await there.outcome(packed(there.next(deleted(path))))).toBe('bundle-refused')
    expect(await there.outcome(packed(there.next(moved(path, 'new'))))).toBe('bundle-refused')
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
    expect(await there.outcome(packed(there.next(...steps)))).toBe('bundle-refused')
  })
})

type Change = (made: Draft) => void
const manifest =
  (key: string, value: unknown): Change =>
  (made) => {
    made.manifest[key] = value
  }
const operation =
  (key: string, value: unknown): Change =>
  (made) => {
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
    ['an extra payload', (made) => made.members.push({ name: 'files/created/extra', content: 'x' })],
    [
      'an extra payload at its place',
      (made) => made.members.push({ name: `${made.top}/files/created/extra`, content: 'x' }),
    ],
    ['a second manifest', (made) => made.members.push({ name: `${made.top}/manifest.json`, content: '{}' })],
  ])('%s', async (_, change) => {
    const made = there.next(created('new', 'new'))
    change(made)
    expect(await there.outcome(packed(made))).toBe('bundle-refused')
  })

  test.each<[string, Step]>([
    ['updated', updated('unknown', 'x')],
    ['deleted', deleted('unknown')],
    ['deleted: a folder', deleted('dir')],
    ['moved', moved('unknown', 'x')],
    ['moved without content', moved('unknown', 'x', true)],
  ])('an operation on an unknown path: %s', async (_, step) => {
    expect(await there.outcome(packed(there.next(step)))).toBe('bundle-refused')
  })

  test('a move without content whose source holds something else', async () => {
    const made = there.next(moved('a', 'x', true))
    const hash = `sha1:${'0'.repeat(40)}`
    made.operations = made.operations.map((record) => ({ ...record, content_hash: hash }))
    made.hashes.x = hash
    expect(await there.outcome(packed(made))).toBe('bundle-refused')
  })

  test('a tree that the bundle does not lead to', async () => {
    const made = there.next(created('new', 'new'))
    made.manifest.tree = '1'.repeat(40)
    expect(await there.outcome(packed(made))).toBe('proof-failed')
  })

  test('the same id with other bytes', async () => {
    const made = there.next(created('new', 'new'))
    made.manifest.bundle_id = (await there.receiver.engine.status(there.sender.workspace)).lastBundleId
    expect(await there.outcome(packed(made))).toBe('bundle-refused')
  })

  test('a large bundle whose last file is wrong leaves no object behind', async () => {
    const made = there.next(...Array.from({ length: 400 }, (_, n) => created(`new/${n}`, `${n}`.repeat(5000))))
    made.members = made.members.map((member, at) => (at === 399 ? { ...member, content: 'x'.repeat(15000) } : member))
    expect(await there.outcome(packed(made))).toBe('bundle-refused')
  })
})

test('faults.md I12: a workspace whose first bundle is refused is never made', async () => {
  const made = there.next(created('new', 'new'))
  made.manifest.workspace_path = '/other'
  made.members = []
  const incoming = await arrived(packed(made), '/other')
  expect(await there.outcome({ ...incoming, sequence: 1 })).toBe('bundle-refused')
})
