import { appendFile, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { MOST_LOG_BYTES } from '../../src/support/log-file.js'
import { ceDelta, push, thisMachine } from '../helpers/command.js'
import { serve } from '../helpers/serving.js'
import { gitRepository, writeTree } from '../helpers/workspace.js'

const TOKEN = 'canary-3f9a'

function logOf(root: string, name = 'ce-delta.log'): Promise<string> {
  return readFile(join(root, '.git', 'ce-delta', name), 'utf8')
}

describe('--debug', () => {
  test('tells what each step, call of git and request took', async () => {
    const root = await gitRepository({ files: { a: '1' } })
    const { url } = await serve()
    const { exitCode, stderr } = await ceDelta(root, ['push', '--debug', '--endpoint', url])
    expect(exitCode).toBe(0)
    expect(stderr).toMatch(/\+[\d.]+ s {2}step snapshot: [\d.]+ ms$/m)
    expect(stderr).toMatch(/\+[\d.]+ s {2}git status --porcelain=v2 .*: exit code 0, [\d.]+ ms$/m)
    expect(stderr).toMatch(/\+[\d.]+ s {2}round 1: the receiver is at sequence 0, .*: send$/m)
    expect(stderr).toMatch(/\+[\d.]+ s {2}POST http:.*\/upload: 200, \d+ B sent, \d+ B received, [\d.]+ ms$/m)
    expect((await ceDelta(root, ['push', '--endpoint', url])).stderr).not.toContain('exit code')
  })

  test('leaves standard output to the events', async () => {
    const root = await gitRepository({ files: { a: '1' } })
    const { stdout, stderr, report } = await push(root, ['--debug'])
    expect(stderr).toContain('step snapshot')
    for (const line of stdout.trimEnd().split('\n')) expect(line).toMatch(/^\{"event":/)
    expect(report.outcome).toBe('confirmed')
  })

  test('tells no secret, neither on the terminal nor in the log', async () => {
    const root = await gitRepository({ files: { a: '1' } })
    const { url } = await serve()
    const env = { CE_DELTA_TOKEN: TOKEN, CE_DELTA_ENDPOINT: url }
    const { exitCode, stdout, stderr } = await ceDelta(root, ['push', '--debug'], { env })
    expect(exitCode).toBe(0)
    const bad = await ceDelta(root, ['push', '--debug', '--endpoint', `http://user:${TOKEN}@localhost`])
    expect(bad.exitCode).toBe(2)
    for (const text of [stdout, stderr, bad.stderr, await logOf(root)]) expect(text).not.toContain(TOKEN)
  })

  test('is the only way to a stack trace', async () => {
    const root = await gitRepository({ files: { a: '1' } })
    const unreachable = ['push', '--endpoint', 'http://127.0.0.1:1']
    const env = { CE_DELTA_MAX_RETRIES: '0' }
    expect((await ceDelta(root, unreachable, { env })).stderr).not.toMatch(/\n +at /)
    const { stderr } = await ceDelta(root, [...unreachable, '--debug'], { env })
    expect(stderr).toMatch(/receiver-unreachable: DeltaError: .*\n +at /)
    expect(stderr).toMatch(/because of: FetchError: .*ECONNREFUSED/)
    expect((await ceDelta(root, ['pusj', '--debug'])).stderr).toMatch(/usage: DeltaError: .*\n +at /)
  })
})

describe('the log', () => {
  test('has what every push told, and why one failed, whatever was printed', async () => {
    const root = await gitRepository({ files: { a: '1' } })
    await push(root, ['--quiet'])
    await ceDelta(root, ['push', '-q', '--endpoint', 'http://127.0.0.1:1'], { env: { CE_DELTA_MAX_RETRIES: '0' } })
    const lines = (await logOf(root)).trimEnd().split('\n')
    for (const line of lines) expect(line).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z \d+ \S/)
    const words = lines.map((line) => line.split(' ').slice(2).join(' '))
    expect(words[0]).toMatch(/^ce-delta \d+\.\d+\.\d+ push --json .*--quiet/)
    expect(words).toContainEqual(expect.stringMatching(/^confirmed id=\S+ sequence=1 tree=/))
    expect(words).toContainEqual(expect.stringMatching(/^report outcome=confirmed /))
    expect(words).toContainEqual(expect.stringMatching(/^receiver-unreachable: DeltaError: .*\\n {4}at /))
    expect(words).toContainEqual(expect.stringMatching(/^report outcome=queued /))
    expect(words.join('\n')).not.toContain('git status')
  })

  test('keeps one generation when it has grown, and is for its owner only', async () => {
    const root = await gitRepository({ files: { a: '1' } })
    await push(root)
    await appendFile(join(root, '.git', 'ce-delta', 'ce-delta.log'), 'x'.repeat(MOST_LOG_BYTES))
    await push(root)
    expect(await logOf(root, 'ce-delta.log.1')).toContain('xxx')
    await push(root)
    expect((await logOf(root)).length).toBeLessThan(MOST_LOG_BYTES)
    expect((await stat(join(root, '.git', 'ce-delta', 'ce-delta.log'))).mode & 0o777).toBe(0o600)
  })

  test('of a server is in its data folder', async () => {
    const root = await gitRepository({ files: { a: '1' } })
    const { url, data } = await serve()
    await ceDelta(root, ['push', '--endpoint', url])
    expect(await readFile(join(data, 'ce-delta.log'), 'utf8')).toMatch(/ applied workspace_path=/)
  })

  test('that cannot be written does not hold up a push', async () => {
    const root = await gitRepository({ files: { a: '1' } })
    await writeTree(root, { '.git/ce-delta/ce-delta.log/file': 'a folder stands there' })
    const { exitCode, stderr } = await ceDelta(root, ['push', '--data', (await thisMachine()).data])
    expect(exitCode).toBe(0)
    expect(stderr).toContain('no log')
  })

  test('does not begin before there is something to keep', async () => {
    const root = await gitRepository({ files: { a: '1' } })
    await ceDelta(root, ['status'])
    await ceDelta(root, ['config', 'print'])
    await expect(logOf(root)).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
