import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { ceDelta, thisMachine } from '../helpers/command.js'
import { commit, expectEqual, settled } from '../helpers/hooked.js'
import { git, gitRepository, temporaryDirectory, writeTree } from '../helpers/workspace.js'

const UNREACHABLE = ['--endpoint', 'http://127.0.0.1:9']

async function init(root: string, ...args: string[]) {
  const { data } = await thisMachine()
  const env = { CE_DELTA_DATA_DIR: data, REMOTE_UPLOAD_MAX_RETRIES: '0' }
  return await ceDelta(root, ['init', ...args], { env })
}

describe('ce-delta init', () => {
  test('from nothing to a hooked repository: the next commit is at the receiver by itself', async () => {
    const root = await gitRepository({ files: { 'a.txt': 'one\n' } })
    const { exitCode, stderr } = await init(root, '--yes')
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.stringContaining('What next:') })
    expect(await expectEqual(root)).toBe(1)
    await commit(root, { 'b.txt': 'two\n' })
    await settled(root)
    expect(await expectEqual(root)).toBe(2)
  })

  test.each([
    ['npx', { npm_command: 'exec' }, 'npx ce-delta status'],
    ['its own name', {}, '  ce-delta status'],
  ])('called by %s, it tells what next in the same way', async (_, called, step) => {
    const root = await gitRepository({ files: { a: '1' } })
    const { data } = await thisMachine()
    const env = { npm_command: undefined, CE_DELTA_DATA_DIR: data, ...called }
    expect((await ceDelta(root, ['init', '--yes'], { env })).stderr).toContain(step)
  })

  test('what is there already is kept, so it can be done again', async () => {
    const root = await gitRepository({ files: { 'package.json': '{"ce-delta": {"collectionName": "mine"}}' } })
    expect((await init(root, '--yes')).exitCode).toBe(0)
    expect(await git(root, 'status', '--porcelain')).toBe('')
    await writeTree(root, { 'ce-delta.config.ts': 'export default { fallback: "local" }\n' })
    expect((await init(root, '--yes')).exitCode).toBe(0)
    expect(await readFile(join(root, 'ce-delta.config.ts'), 'utf8')).toContain('fallback: "local"')
  })

  test('with an endpoint: it stands in the configuration, and a workflow is written for this branch', async () => {
    const root = await gitRepository({ files: { 'a.txt': 'one\n' } })
    await git(root, 'checkout', '--quiet', '-b', `it's "main"`.replaceAll(' ', '-'))
    expect((await init(root, '--yes', '--json', ...UNREACHABLE)).exitCode).toBe(4)
    expect(await readFile(join(root, 'ce-delta.config.ts'), 'utf8')).toContain('endpoint: "http://127.0.0.1:9"')
    const workflow = await readFile(join(root, '.github/workflows/ce-delta.yml'), 'utf8')
    expect(parse(workflow).on.push.branches).toEqual([`it's-"main"`])
    expect(parse(workflow).jobs.push.steps.at(-1)).toMatchObject({
      uses: expect.stringMatching(/^ce-delta\/ce-delta@v/),
      with: { endpoint: 'http://127.0.0.1:9', 'workspace-path': expect.stringMatching(/^\/repositories\//) },
    })
    expect((await init(root, '--yes', '--without', 'push')).exitCode).toBe(0)
  })

  test('without hook, workflow and push: only the configuration, and the rule that keeps a local one out of git', async () => {
    const root = await gitRepository({ files: { 'a.txt': 'one\n' } })
    const result = await init(root, '--yes', '--json', ...UNREACHABLE, '--without', 'hook', 'workflow', 'push')
    expect(result.events).toEqual([
      expect.objectContaining({ event: 'init', hook: false, workflow: false, push: false }),
    ])
    expect(await git(root, 'status', '--porcelain')).toBe('?? .gitignore\n?? ce-delta.config.ts')
    expect(await readFile(join(root, '.gitignore'), 'utf8')).toBe('ce-delta.local.*\n')
  })

  test('a folder without git has no hook, and is pushed', async () => {
    const folder = await temporaryDirectory()
    await writeTree(folder, { 'a.txt': 'one\n' })
    expect(await init(folder, '--yes', '--json')).toMatchObject({ exitCode: 0, report: { outcome: 'confirmed' } })
  })

  test('hooks that cannot be installed do not hold up the rest', async () => {
    const root = await gitRepository({ files: { 'a.txt': 'one\n' } })
    await git(root, 'config', 'core.hooksPath', '/dev/null')
    expect(await init(root, '--yes')).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('no hook:') })
  })

  test('without a terminal it does not guess', async () => {
    const root = await gitRepository({ files: { 'a.txt': 'one\n' } })
    expect(await init(root)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--yes') })
    expect(await git(root, 'status', '--porcelain')).toBe('')
  })
})
