import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { commit, expectEqual, hookedRepository, settled, userGit } from '../helpers/hooked.js'
import { git, writeTree } from '../helpers/workspace.js'

/** A branch `side` with so many commits, and one on main that they do not have. */
async function branched(commits: number): Promise<string> {
  const root = await hookedRepository()
  const quietly = { CE_DELTA: '0' }
  await userGit(root, ['checkout', '--quiet', '-b', 'side'], quietly)
  for (let number = 1; number <= commits; number++) await commit(root, { [`file-${number}`]: `${number}\n` }, quietly)
  await userGit(root, ['checkout', '--quiet', 'main'], quietly)
  await commit(root, { 'main.txt': 'main\n' })
  await settled(root)
  return root
}

describe('faults.md row 51: git works through a list of commits', () => {
  test('a rebase of 100 commits is exactly one delta', async () => {
    const root = await branched(100)
    await userGit(root, ['checkout', '--quiet', 'side'])
    const before = (await settled(root, 2)).length
    const sequence = await expectEqual(root)
    expect(await userGit(root, ['rebase', '--quiet', 'main'])).toMatchObject({ exitCode: 0, stderr: '' })
    const runs = await settled(root, before + 1)
    expect(runs.slice(before).filter((outcome) => outcome === 'confirmed')).toEqual(['confirmed'])
    expect(await expectEqual(root)).toBe(sequence + 1)
  })

  test('a cherry-pick of several commits is exactly one delta', async () => {
    const root = await branched(5)
    const sequence = await expectEqual(root)
    await userGit(root, ['cherry-pick', 'main..side'])
    await settled(root, 2)
    expect(await expectEqual(root)).toBe(sequence + 1)
  })

  test('a rebase that stops is not pushed; its end is', async () => {
    const root = await branched(1)
    await commit(root, { 'file-1': 'in conflict\n' })
    await settled(root, 2)
    const sequence = await expectEqual(root)
    await userGit(root, ['checkout', '--quiet', 'side'])
    await settled(root, 3)
    expect((await userGit(root, ['rebase', 'main'])).exitCode).not.toBe(0)
    await writeTree(root, { 'file-1': 'resolved\n' })
    await git(root, 'add', 'file-1')
    await userGit(root, ['-c', 'core.editor=true', 'rebase', '--continue'])
    await settled(root, 4)
    expect(await expectEqual(root)).toBeLessThanOrEqual(sequence + 2)
  })

  test('bisect run: only what is there at its end', async () => {
    const root = await branched(8)
    const sequence = await expectEqual(root)
    await userGit(root, ['bisect', 'start', 'side', 'main~1'])
    await userGit(root, ['bisect', 'run', 'sh', '-c', 'test ! -e file-5'])
    await userGit(root, ['bisect', 'reset'])
    await settled(root, 2)
    expect(await expectEqual(root)).toBe(sequence)
  })

  test('amend and merge', async () => {
    const root = await branched(3)
    await writeTree(root, { 'main.txt': 'amended\n' })
    await userGit(root, ['commit', '--quiet', '--all', '--amend', '--no-edit'])
    await userGit(root, ['merge', '--quiet', '--no-edit', 'side'])
    await settled(root, 2)
    await expectEqual(root)
  })
})

describe('faults.md row 52: what fires no hook', () => {
  test.each([
    ['reset --hard', ['reset', '--quiet', '--hard', 'HEAD~1']],
    ['stash', ['stash', 'push', '--quiet']],
    ['clean', ['clean', '--quiet', '-fdx']],
  ])('%s is found by the next hook', async (_, args) => {
    const root = await branched(1)
    await writeFile(join(root, 'a.txt'), 'changed\n')
    await writeFile(join(root, 'untracked'), 'new\n')
    await commitNothing(root)
    await settled(root, 2)
    await userGit(root, args)
    await commitNothing(root)
    await settled(root, 3)
    await expectEqual(root)
    await rm(join(root, 'a.txt'), { force: true })
  })
})

async function commitNothing(root: string): Promise<void> {
  await userGit(root, ['commit', '--quiet', '--allow-empty', '--message=nothing'])
}
