import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { git, writeTree } from '../helpers/workspace.js'
import { expectEqual } from './equal.js'
import { TESTED_GENERATIONS } from './generations.js'
import { applyWithPython } from './python.js'
import { type Stage, stageOn } from './stage.js'

async function commit(root: string, message: string): Promise<string> {
  await git(root, 'add', '--all', '--force')
  await git(root, 'commit', '--quiet', '--allow-empty', `--message=${message}`)
  return await git(root, 'rev-parse', 'HEAD')
}

/** The messages that the server was told, bundle by bundle. */
function told({ server }: Stage): string[][] {
  return server.histories.map((history) => {
    const { mode, commits } = JSON.parse(history)
    expect(mode).toBe('delta')
    return commits.map(({ message }: { readonly message: string }) => message)
  })
}

describe.each(TESTED_GENERATIONS)('the history of commits at a server of generation %s', (name) => {
  test('is told once, with a bundle where there is one, and alone where there is none', async () => {
    const stage = await stageOn(name)
    await writeTree(stage.root, { a: '1', 'x/metadata/git_history.json': '{"mode":"snapshot","commits":[]}' })
    await commit(stage.root, 'first')
    await stage.push()
    expect(stage.server.histories.join()).not.toContain('first')
    stage.server.histories.length = 0
    await stage.push({ commits: 10 })
    await writeTree(stage.root, { a: '2', 'x/metadata/git_history.json': '{"mode":"snapshot"}' })
    const head = await commit(stage.root, 'second')
    await stage.push({ commits: 10 })
    expect(told(stage)).toEqual([['first'], ['second']])
    expect((await stage.confirmed())?.historyHead).toBe(head)
    expect(await stage.push({ commits: 10 })).toMatchObject({ outcome: 'unchanged' })
    await writeTree(stage.root, { a: '3', 'x/metadata/git_history.json': '{"mode":"snapshot" }' })
    await stage.push({ commits: 10 })
    expect(told(stage)).toEqual([['first'], ['second'], []])
    await expectEqual(stage)
    const { histories } = await applyWithPython(name, stage.server.bundles)
    expect(histories.flatMap(({ commits }) => commits.map(({ message }) => message))).toEqual(['first', 'second'])
    expect(new Set(histories.map(({ mode }) => mode))).toEqual(new Set(['delta']))
  })

  test('goes along with deletions that need no bundle, and in the first of several', async () => {
    const stage = await stageOn(name)
    await writeTree(stage.root, { a: '1', b: '2', c: '3', d: '4' })
    await commit(stage.root, 'first')
    await stage.push({ commits: 10, operations: 2 })
    expect(told(stage)).toEqual([['first']])
    await rm(join(stage.root, 'a'))
    await commit(stage.root, 'without a')
    await stage.push({ commits: 10 })
    expect(told(stage)).toEqual([['first'], ['without a']])
    await expectEqual(stage)
  })

  test('counts as told only when the bundle is confirmed', async () => {
    const stage = await stageOn(name)
    await writeTree(stage.root, { a: '1' })
    const first = await commit(stage.root, 'first')
    await stage.push({ commits: 10 })
    await writeTree(stage.root, { a: '2' })
    const second = await commit(stage.root, 'second')
    stage.server.faults.loseUpload = 100
    expect((await stage.push({ commits: 10, retries: 0 })).outcome).toBe('queued')
    expect((await stage.confirmed())?.historyHead).toBe(first)
    stage.server.faults.loseUpload = 0
    expect((await stage.push({ commits: 10 })).outcome).toBe('confirmed')
    expect((await stage.confirmed())?.historyHead).toBe(second)
    expect(told(stage).flat()).toEqual(['first', 'second'])
    await expectEqual(stage)
  })

  test('is told again to a server that lost everything', async () => {
    const stage = await stageOn(name)
    await writeTree(stage.root, { a: '1' })
    await commit(stage.root, 'first')
    await stage.push({ commits: 10 })
    stage.server.restart({ keepFiles: false })
    await stage.push({ commits: 10 })
    expect(told(stage)).toEqual([['first'], ['first']])
    await expectEqual(stage)
  })

  test('is left out where it makes a bundle too large, and the files arrive', async () => {
    const stage = await stageOn(name)
    await writeTree(stage.root, { a: '1' })
    const noise = Array.from({ length: 600 }, (_, at) => ((at * 2_654_435_761) >>> 3).toString(36)).join(' ')
    await commit(stage.root, noise)
    stage.server.faults.largest = 1500
    expect(await stage.push({ commits: 10 })).toMatchObject({ outcome: 'confirmed', leftBehind: [] })
    await expectEqual(stage)
    expect((await stage.confirmed())?.historyHead).toBe(null)
    expect(told(stage)).toEqual([])
  })
})
