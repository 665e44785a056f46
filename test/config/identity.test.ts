import { createHash } from 'node:crypto'
import { realpath } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { loadConfig } from '../../src/config/load.js'
import { isPinned, pinnedPath, translatedPath, withForwardSlashes } from '../../src/config/translated-path.js'
import { identityOf } from '../../src/identity.js'
import { locateWorkspace } from '../../src/snapshot/workspace.js'
import { git, gitRepository, temporaryDirectory, writeTree } from '../helpers/workspace.js'

async function identity(root: string, env: NodeJS.ProcessEnv = {}, file: object | null = null) {
  if (file !== null) await writeTree(root, { 'ce-delta.config.json': JSON.stringify(file) })
  const environment = { HOME: root, ...env }
  const workspace = await locateWorkspace(root, environment)
  return identityOf(workspace, await loadConfig({ root, hasFiles: true, environment, flags: {} }))
}

const digits = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8)

describe('the path of a workspace at the server', () => {
  test.each<[NodeJS.ProcessEnv, string, string | null]>([
    [{}, '/home/ada/app', null],
    [{ HOST_ROOT: '/home/ada' }, '/home/ada/team/app', '/work/team/app'],
    [{ HOST_ROOT: '/home/ada/', CONTAINER_ROOT: '/srv/' }, '/home/ada/app', '/srv/app'],
    [{ HOST_ROOT: '/home/ad' }, '/home/ada/app', '/work/app'],
    [{ CONTAINER_ROOT: '/srv' }, '/home/ada/app', '/srv/app'],
    [{ HOST_ROOT: '/home/ada', CONTAINER_ROOT: '/work' }, '/work/team/app', '/work/team/app'],
    [{ HOST_ROOT: 'C:\\code' }, 'C:\\code\\team\\app', '/work/team/app'],
    [{ HOST_ROOT: ' ' }, '/home/ada/app', null],
  ])('%j makes %s %s', (environment, root, path) => {
    expect(translatedPath(root, environment)).toBe(path)
  })

  test.each([
    ['C:\\code\\app', 'C:/code/app'],
    ['\\\\host\\share\\app', '//host/share/app'],
    ['/odd\\name', '/odd\\name'],
  ])('%s is written %s', (path, written) => {
    expect(withForwardSlashes(path)).toBe(written)
  })

  test('is what the configuration says before it is translated', async () => {
    const root = await gitRepository()
    expect((await identity(root, { HOST_ROOT: '/elsewhere' })).workspacePath).toBe(`/work/${basename(root)}`)
    expect((await identity(root, { HOST_ROOT: '/x' }, { workspacePath: '/mine' })).workspacePath).toBe('/mine')
    const said = { HOST_ROOT: '/x', CE_DELTA_WORKSPACE_PATH: '/theirs' }
    expect((await identity(root, said, { workspacePath: '/mine' })).workspacePath).toBe('/theirs')
  })
})

describe('a pinned identity', () => {
  test('is the name and sixteen digits of the machine and the folder, the same every time', async () => {
    const [one, two] = [await gitRepository(), await gitRepository()]
    const { workspacePath } = await identity(one, { CE_DELTA_PINNED: '1' })
    expect(workspacePath).toMatch(new RegExp(`^/work/${basename(one)}-[0-9a-f]{16}$`))
    expect((await identity(one, {}, { pinned: true })).workspacePath).toBe(workspacePath)
    const same = { pinned: true, workspacePath: '/work/app' }
    const paths = [await identity(one, {}, same), await identity(two, {}, same)].map((each) => each.workspacePath)
    expect(paths).toEqual([expect.stringMatching(/^\/work\/app-/), expect.stringMatching(/^\/work\/app-/)])
    expect(new Set(paths).size).toBe(2)
  })

  test('one that is pinned already stays', () => {
    const path = '/repositories/app-0123456789abcdef'
    expect([isPinned(path), pinnedPath(path, 'f'.repeat(64))]).toEqual([true, path])
    for (const other of ['/work/app', '/work/app-0123', '/work/-0123456789abcdef', '/work/app-0123456789ABCDEF'])
      expect(isPinned(other)).toBe(false)
    expect(pinnedPath('/', 'f'.repeat(64))).toBe(`/work/root-${'f'.repeat(16)}`)
  })
})

describe('the collection', () => {
  test('follows the last part of the path, unless it is named', async () => {
    const root = await gitRepository()
    const name = basename(root)
    expect((await identity(root)).collectionName).toBe(`${name}-${digits(name)}`)
    expect((await identity(root, { CE_DELTA_WORKSPACE_PATH: '/x/app' })).collectionName).toBe(`app-${digits('app')}`)
    expect((await identity(root, { COLLECTION_NAME: 'ours' })).collectionName).toBe('ours')
    expect((await identity(root, { COLLECTION_NAME: 'x', CE_DELTA_COLLECTION: 'ours' })).collectionName).toBe('ours')
    const many = { COLLECTION_NAME: 'x', MULTI_REPO_MODE: '1' }
    expect((await identity(root, many)).collectionName).toBe(`${name}-${digits(name)}`)
  })
})

describe('the logical repository', () => {
  const sha1 = (text: string): string => createHash('sha1').update(text).digest('hex').slice(0, 16)

  test('is that of the clone, for each of its work trees', async () => {
    const root = await gitRepository({ files: { a: 'a' } })
    const linked = join(await temporaryDirectory(), 'linked')
    await git(root, 'worktree', 'add', '--quiet', linked)
    const expected = `git:${sha1(await realpath(join(root, '.git')))}`
    expect((await identity(root)).origin).toEqual({ sourcePath: root, logicalRepoId: expected })
    expect((await identity(linked)).origin).toEqual({ sourcePath: linked, logicalRepoId: expected })
  })

  test('is that of the folder where there is no git', async () => {
    const root = await temporaryDirectory()
    expect((await identity(root)).origin?.logicalRepoId).toBe(`fs:${sha1(root)}`)
  })
})
