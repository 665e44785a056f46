import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { ceDelta, push, thisMachine } from '../helpers/command.js'
import { settled, userGit } from '../helpers/hooked.js'
import { deltas, expectCopied, flushed, watching } from '../helpers/watching.js'
import { git, gitRepository, writeTree } from '../helpers/workspace.js'

/** A branch `side` with so many commits of its own, and one on main that they do not have. */
async function branched(commits: number): Promise<string> {
  const root = await gitRepository({ files: { 'a.txt': 'one\n' } })
  await git(root, 'checkout', '--quiet', '-b', 'side')
  for (let number = 1; number <= commits; number++) {
    await writeTree(root, { [`side/${number}.txt`]: `${number}\n` })
    await git(root, 'add', '--all')
    await git(root, 'commit', '--quiet', '--message=more')
  }
  await git(root, 'checkout', '--quiet', 'main')
  await writeTree(root, { 'main.txt': 'main\n' })
  await git(root, 'add', '--all')
  await git(root, 'commit', '--quiet', '--message=main')
  return root
}

describe('while git works', () => {
  test('row 51: a rebase of 40 commits is exactly one delta after it', async () => {
    const root = await branched(40)
    await git(root, 'checkout', '--quiet', 'side')
    const watch = await watching(root)
    await git(root, 'rebase', '--quiet', 'main')
    await watch.until((events) => deltas(events).length > 1)
    await flushed(root)
    expect(deltas(watch.events)).toHaveLength(2)
    expect(deltas(watch.events)[1]).toMatchObject({ operations: { created: 1, updated: 0, deleted: 0, moved: 0 } })
    await expectCopied(root)
  })

  test('branches that are switched back and forth arrive as the last one', async () => {
    const root = await branched(12)
    const watch = await watching(root)
    for (const branch of ['side', 'main', 'side', 'main', 'side']) await git(root, 'checkout', '--quiet', branch)
    await watch.until((events) => deltas(events).length > 1)
    await flushed(root)
    expect(deltas(watch.events).length).toBeLessThanOrEqual(3)
    await expectCopied(root)
  })

  test('row 58: a lock of git’s index is waited for', async () => {
    const root = await branched(1)
    const watch = await watching(root)
    await writeFile(join(root, '.git/index.lock'), '')
    await writeFile(join(root, 'a.txt'), 'half of a checkout\n')
    await watch.told(({ event, state }) => event === 'state' && state === 'waiting for git')
    await writeFile(join(root, 'a.txt'), 'all of it\n')
    await sleep(500)
    expect(deltas(watch.events)).toHaveLength(1)
    await rm(join(root, '.git/index.lock'))
    await watch.until((events) => deltas(events).length === 2)
    await expectCopied(root)
  })

  test('row 52: reset, stash and clean, which run no hook', async () => {
    const root = await branched(3)
    const watch = await watching(root)
    await writeTree(root, { 'a.txt': 'mine\n', 'new.txt': 'new\n' })
    await watch.until((events) => deltas(events).length === 2)
    await git(root, 'stash', '--quiet')
    await git(root, 'clean', '--quiet', '-fd')
    await git(root, 'reset', '--quiet', '--hard', 'side')
    await watch.until((events) => deltas(events).length > 2)
    await flushed(root)
    await expectCopied(root)
  })

  test('row 15: commits with hooks, pushes by hand and a watch at once', async () => {
    const root = await branched(1)
    const { data } = await thisMachine()
    await ceDelta(root, ['hook', 'install'])
    const watch = await watching(root)
    const byHand = [1, 2, 3].map(async () => await push(root))
    for (let number = 0; number < 8; number++) {
      await writeTree(root, { [`more-${number}.txt`]: `${number}\n` })
      await git(root, 'add', '--all')
      await userGit(root, ['commit', '--quiet', '--message=more'], { CE_DELTA_DATA_DIR: data })
    }
    for (const { exitCode, stderr } of await Promise.all(byHand))
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    await settled(root)
    await flushed(root)
    await expectCopied(root)
    expect(watch.events.filter(({ event }) => event === 'trouble')).toEqual([])
    expect(await watch.stop()).toBe(130)
  })
})
