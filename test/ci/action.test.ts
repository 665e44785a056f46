import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { STATUS_PATH, UPLOAD_PATH } from '../../src/receiver/wire.js'
import { commandsIn, type Runner, runAction } from '../helpers/action.js'
import { scriptedServer } from '../helpers/scripted-server.js'
import { testServer } from '../helpers/servers.js'
import { serve } from '../helpers/serving.js'
import { git, gitRepository, readTree, temporaryDirectory, writeTree } from '../helpers/workspace.js'

/** A checkout as actions/checkout makes it: one commit, and nothing before it. */
async function checkoutOf(origin: string, place?: string): Promise<string> {
  const checkout = place ?? join(await temporaryDirectory(), 'app')
  await rm(checkout, { recursive: true, force: true })
  await git(origin, 'clone', '--quiet', '--depth=1', `file://${origin}`, checkout)
  return checkout
}

async function commitTo(origin: string, files: Record<string, string>): Promise<void> {
  await writeTree(origin, files)
  await git(origin, 'add', '--all')
  await git(origin, 'commit', '--quiet', '--message=more')
}

const IDENTITY = { 'workspace-path': '/repositories/app' }

describe('the action in a checkout of depth 1', () => {
  test('the first push sends everything; then the state of the last run is the base', async () => {
    const { url, mirrors } = await serve()
    const origin = await gitRepository({ files: { a: '1', b: '2' } })
    const cache = new Map<string, string>()
    const first = await runAction(await checkoutOf(origin), { endpoint: url, ...IDENTITY }, { cache })
    expect(first).toMatchObject({ isSuccess: true, outputs: { outcome: 'confirmed', base: 'nothing', created: '2' } })
    expect(first.outputs.reason).toContain('first push')
    await commitTo(origin, { a: 'changed', c: '3' })
    await git(origin, 'rm', '--quiet', 'b')
    await git(origin, 'commit', '--quiet', '--message=less')
    const checkout = await checkoutOf(origin)
    const second = await runAction(checkout, { endpoint: url, ...IDENTITY }, { cache })
    expect(second.outputs).toMatchObject({ base: 'state', sequence: '2', created: '1', updated: '1', deleted: '1' })
    expect(second.outputs['bundle-ids']).toMatch(/^[0-9a-f-]{36}$/)
    expect(Number(second.outputs.bytes)).toBeGreaterThan(0)
    const [mirror] = [...(await readTree(mirrors)).keys()].map((path) => path.split('/')[0] ?? '')
    expect(await readTree(join(mirrors, mirror ?? ''))).toEqual(await readTree(checkout, { skipGit: true }))
    expect(await git(checkout, 'rev-parse', '--is-shallow-repository')).toBe('true')
    const third = await runAction(checkout, { endpoint: url, ...IDENTITY }, { cache })
    expect(third.outputs).toMatchObject({ outcome: 'unchanged', sequence: '2', bytes: '0', 'bundle-ids': '' })
  })

  test('without state, what the receiver lists is the base', async () => {
    const { url } = await serve()
    const origin = await gitRepository({ files: { a: '1', b: '2' } })
    await runAction(await checkoutOf(origin), { endpoint: url, ...IDENTITY })
    await commitTo(origin, { a: 'changed' })
    const { outputs, summary } = await runAction(await checkoutOf(origin), { endpoint: url, ...IDENTITY })
    expect(outputs).toMatchObject({ base: 'receiver', created: '0', updated: '1', sequence: '2' })
    expect(summary).toContain('confirmed, proven equal')
    expect(summary).toContain('| 0 / 1 / 0 / 0 |')
  })

  test('faults.md row 100: a state that is older, damaged or of another receiver is only a hint', async () => {
    const [here, there] = [await serve(), await serve({ data: await temporaryDirectory() })]
    const origin = await gitRepository({ files: { a: '1' } })
    const cache = new Map<string, string>()
    await runAction(await checkoutOf(origin), { endpoint: here.url, ...IDENTITY }, { cache })
    const [old = ''] = cache.values()
    await commitTo(origin, { b: '2' })
    await runAction(await checkoutOf(origin), { endpoint: here.url, ...IDENTITY })
    await commitTo(origin, { c: '3' })
    const stale = await runAction(await checkoutOf(origin), { endpoint: here.url, ...IDENTITY }, { cache })
    expect(stale.outputs).toMatchObject({ outcome: 'confirmed', base: 'receiver', created: '1', sequence: '3' })
    expect(stale.outputs.reason).toContain('the restored state is of sequence 1')
    await writeTree(old, { 'trees.pack': 'PACK?' })
    await commitTo(origin, { d: '4' })
    const damaged = new Map([...cache.keys()].map((key) => [key, old]))
    const mended = await runAction(await checkoutOf(origin), { endpoint: here.url, ...IDENTITY }, { cache: damaged })
    expect(mended.outputs).toMatchObject({ outcome: 'confirmed', base: 'receiver', created: '1' })
    const elsewhere = await runAction(await checkoutOf(origin), { endpoint: there.url, ...IDENTITY }, { cache })
    expect(elsewhere.outputs).toMatchObject({ outcome: 'confirmed', base: 'nothing', created: '4' })
  })

  test('full: everything again', async () => {
    const { url } = await serve()
    const origin = await gitRepository({ files: { a: '1', b: '2' } })
    await runAction(await checkoutOf(origin), { endpoint: url, ...IDENTITY })
    const { outputs } = await runAction(await checkoutOf(origin), { endpoint: url, full: 'true', ...IDENTITY })
    expect(outputs).toMatchObject({ base: 'nothing', sequence: '2', reason: 'A full push was asked for.' })
    expect(Number(outputs.created) + Number(outputs.updated)).toBe(2)
  })
})

describe('a receiver that only counts, as the specification asks', () => {
  test('an explicit base is what the delta is made from, where no state is left', async () => {
    const { url } = await countingServer()
    const origin = await gitRepository({ files: { a: '1', b: '2' } })
    await runAction(await checkoutOf(origin), { endpoint: url, ...IDENTITY })
    const base = await git(origin, 'rev-parse', 'HEAD')
    await commitTo(origin, { a: 'changed' })
    const checkout = join(await temporaryDirectory(), 'whole')
    await git(origin, 'clone', '--quiet', `file://${origin}`, checkout)
    const { outputs } = await runAction(checkout, { endpoint: url, base, ...IDENTITY })
    expect(outputs).toMatchObject({ outcome: 'confirmed', base: 'commit', created: '0', updated: '1', sequence: '2' })
  })

  test('a base that is not in the clone: everything, the reason is told, and no history is fetched', async () => {
    const { url } = await countingServer()
    const origin = await gitRepository({ files: { a: '1', b: '2' } })
    await runAction(await checkoutOf(origin), { endpoint: url, ...IDENTITY })
    const base = await git(origin, 'rev-parse', 'HEAD')
    await commitTo(origin, { a: 'changed' })
    const checkout = await checkoutOf(origin)
    const { outputs, log } = await runAction(checkout, { endpoint: url, base, ...IDENTITY })
    expect(outputs).toMatchObject({ outcome: 'confirmed', base: 'nothing', created: '2', sequence: '2' })
    expect(outputs.reason).toContain(`the base ${base} is not in this clone`)
    expect(log).toContain('is not in this clone')
    expect(await git(checkout, 'rev-list', '--count', 'HEAD')).toBe('1')
  })

  test('the state of the last run is enough', async () => {
    const { url } = await countingServer()
    const origin = await gitRepository({ files: { a: '1', b: '2' } })
    const cache = new Map<string, string>()
    await runAction(await checkoutOf(origin), { endpoint: url, ...IDENTITY }, { cache })
    await git(origin, 'rm', '--quiet', 'b')
    await git(origin, 'commit', '--quiet', '--message=less')
    const { outputs } = await runAction(await checkoutOf(origin), { endpoint: url, ...IDENTITY }, { cache })
    expect(outputs).toMatchObject({ base: 'state', created: '0', deleted: '1', sequence: '2' })
  })
})

/** Takes whatever comes, and tells nothing but the number of what it took. */
async function countingServer() {
  let sequence = 0
  return await scriptedServer(({ method, url, body }) => {
    if (!url.startsWith(UPLOAD_PATH) && !url.startsWith(STATUS_PATH)) return { status: 404, body: '{}' }
    if (method === 'POST') sequence++
    const bundle_id = /filename="(.+)\.tar\.gz"/.exec(body.toString('latin1'))?.[1]
    const upload = { success: true, bundle_id, sequence_number: sequence, next_sequence: sequence + 1 }
    const status = { last_sequence: sequence, last_upload: null, pending_operations: 0, status: 'ready' }
    const info = { workspace_path: IDENTITY['workspace-path'], collection_name: null, server_info: {} }
    return { body: JSON.stringify(method === 'POST' ? upload : { ...info, ...status }) }
  })
}

const HOME_REPOSITORY = { id: 1, full_name: 'octo/app' }
const from = (repo: unknown) => ({
  repository: HOME_REPOSITORY,
  pull_request: { head: { repo }, base: { repo: HOME_REPOSITORY } },
})

describe('faults.md row 100: what a fork proposes is not uploaded', () => {
  test.each<[string, Runner, string]>([
    ['a push', { event: 'push' }, 'confirmed'],
    ['a schedule', { event: 'schedule' }, 'confirmed'],
    ['workflow_dispatch', { event: 'workflow_dispatch', payload: { repository: HOME_REPOSITORY } }, 'confirmed'],
    ['a pull request of the repository', { event: 'pull_request', payload: from(HOME_REPOSITORY) }, 'confirmed'],
    ['one of a fork', { event: 'pull_request', payload: from({ id: 2 }) }, 'skipped'],
    ['one of a fork that is gone', { event: 'pull_request', payload: from(null) }, 'skipped'],
    ['one without a payload', { event: 'pull_request', payload: 'nonsense' }, 'skipped'],
    ['pull_request_target', { event: 'pull_request_target', payload: from(HOME_REPOSITORY) }, 'skipped'],
  ])('%s', async (_, runner, outcome) => {
    const { url, events } = await serve()
    const root = await gitRepository({ files: { a: '1' } })
    // Its configuration is code: where nothing is uploaded, it is not run either.
    if (outcome === 'skipped') await writeTree(root, { 'ce-delta.config.mjs': 'process.exit(99)\n' })
    const result = await runAction(root, { endpoint: url, token: 'sesame' }, runner)
    expect(result).toMatchObject({ isSuccess: true, outputs: { outcome } })
    if (outcome !== 'skipped') return
    expect(events.map(({ event }) => event)).toEqual(['listening'])
    expect(result.summary).toContain('Nothing was uploaded')
    expect(commandsIn(result.log)).toContainEqual(expect.stringMatching(/^::notice .*Nothing was uploaded/))
  })

  test('unless it is asked for', async () => {
    const { url } = await serve()
    const root = await gitRepository({ files: { a: '1' } })
    const runner = { event: 'pull_request_target', payload: from({ id: 2 }) }
    const { outputs } = await runAction(root, { endpoint: url, 'allow-foreign': 'true' }, runner)
    expect(outputs.outcome).toBe('confirmed')
  })
})

describe('a failed upload is loud', () => {
  const GONE = 'http://127.0.0.1:9'

  test('a receiver that cannot be reached fails the step', async () => {
    const root = await gitRepository({ files: { a: '1' } })
    const { isSuccess, outputs, log, summary } = await runAction(root, { endpoint: GONE })
    expect({ isSuccess, outputs }).toMatchObject({ isSuccess: false, outputs: { outcome: 'failed' } })
    expect(outputs.reason).toContain('cannot be reached')
    expect(summary).toContain('ce-delta: failed')
    expect(commandsIn(log)).toContainEqual(
      expect.stringMatching(/^::error file=\.github\/workflows\/upload\.yml,title=ce-delta::.*cannot be reached/),
    )
    expect(log).toContain('Run the job again, or leave it to the next commit')
    expect(log).not.toContain('next push')
  })

  test('with fail-on: refusal it is a warning', async () => {
    const root = await gitRepository({ files: { a: '1' } })
    const { isSuccess, log } = await runAction(root, { endpoint: GONE, 'fail-on': 'refusal' })
    expect(isSuccess).toBe(true)
    expect(commandsIn(log)).toContainEqual(expect.stringMatching(/^::warning .*cannot be reached/))
  })

  test('a wrong token, no endpoint, a wrong configuration and a wrong input fail it all the same', async () => {
    const { url } = await testServer({ token: 'the-right-token-of-this-server' })
    const root = await gitRepository({ files: { a: '1' } })
    const lenient = { 'fail-on': 'refusal' }
    const refused = await runAction(root, { ...lenient, endpoint: url, token: 'wrong' })
    expect(refused.isSuccess).toBe(false)
    expect(commandsIn(refused.log)).toContainEqual(expect.stringMatching(/^::error .*token/))
    expect((await runAction(root, lenient)).isSuccess).toBe(false)
    expect((await runAction(root, { endpoint: url, 'fail-on': 'never' })).isSuccess).toBe(false)
    await writeTree(root, { 'ce-delta.config.json': '{"unknown": 1}' })
    const { isSuccess, log } = await runAction(root, { ...lenient, endpoint: url })
    expect(isSuccess).toBe(false)
    expect(commandsIn(log)).toContainEqual(expect.stringMatching(/^::error file=ce-delta\.config\.json,.*unknown/))
  })
})

describe('faults.md row 99: hostile names do nothing', () => {
  const HOSTILE = {
    '::add-mask::a\n::error::owned': 'x',
    '##[error]owned': 'x',
    '$(touch owned)': 'x',
    '`touch owned`.bin': 'a\0b',
    '|<img src=x onerror=alert(1)>|.bin': 'a\0b',
    'x\n::set-output name=outcome::owned.bin': 'a\0b',
    '%0A::error::owned.bin': 'a\0b',
    '-rf': 'x',
  }

  test('of files, of the branch and in every input', async () => {
    const { url } = await serve()
    const root = await gitRepository({ files: HOSTILE })
    await git(root, 'checkout', '--quiet', '-b', '$(touch$IFS-owned);`touch$IFS-owned`')
    const { isSuccess, outputs, log, summary } = await runAction(root, { endpoint: url, token: 'canary%0A' })
    expect({ isSuccess, outcome: outputs.outcome }).toEqual({ isSuccess: true, outcome: 'confirmed' })
    expect(outputs).toMatchObject({ created: '4', skipped: '4' })
    expect(commandsIn(log)).toEqual(['::add-mask::canary%250A', '::group::ce-delta', '::endgroup::'])
    expect(summary).not.toMatch(/<img|^::|\|[^|\n]*`/m)
    expect(await git(root, 'status', '--porcelain')).toBe('')
    for (const name of ['commit', 'base', 'working-directory', 'version', 'fail-on', 'workspace-path', 'collection']) {
      const hostile = { endpoint: url, [name]: '"; touch owned; $(touch owned) `touch owned` #\n--force' }
      const result = await runAction(root, hostile)
      expect(commandsIn(result.log).filter((line) => line.includes('owned') && !line.startsWith('::error'))).toEqual([])
      expect(await git(root, 'status', '--porcelain')).toBe('')
    }
  })

  test('the token is masked first, and appears nowhere else', async () => {
    const { url } = await serve()
    const root = await gitRepository({ files: { a: '1' } })
    const { log, summary, outputs } = await runAction(root, { endpoint: url, token: 'canary-7261' })
    const [first, ...others] = log.split('\n')
    expect(first).toBe('::add-mask::canary-7261')
    expect(others.join('\n') + summary + JSON.stringify(outputs)).not.toContain('canary-7261')
    expect(Buffer.concat([...(await readTree(join(root, '.git', 'ce-delta'))).values()]).includes('canary-7261')).toBe(
      false,
    )
  })
})
