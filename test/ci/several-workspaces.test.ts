import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from '@jest/globals'
import { commandsIn, runAction } from '../helpers/action.js'
import { serve } from '../helpers/serving.js'
import { git, gitRepository, writeTree } from '../helpers/workspace.js'

const CONFIG = { workspacePath: '/repositories/app', workspaces: [{ root: 'packages/a' }, { root: 'packages/b' }] }
/** Made up, in the form of a credential. */
const CREDENTIAL = `key = "AKIA${'HB4GC7DAF2EH5G3C'}"\n`

let root: string
let inputs: { readonly endpoint: string }
beforeEach(async () => {
  root = await gitRepository({
    files: {
      'ce-delta.config.json': JSON.stringify(CONFIG),
      'packages/a/x': 'x',
      'packages/b/y': 'y',
      'packages/b/z': 'z',
      'packages/b/key.txt': CREDENTIAL,
    },
  })
  inputs = { endpoint: (await serve()).url }
})

async function commitAll(): Promise<void> {
  await git(root, 'add', '--all')
  await git(root, 'commit', '--quiet', '--message=more')
}

/** As on a machine that knows only what the cache has. */
async function onANewMachine(cache: Map<string, string>) {
  await rm(join(root, '.git', 'ce-delta'), { recursive: true, force: true })
  return await runAction(root, inputs, { cache })
}

function eachOf(outputs: Readonly<Record<string, string>>): Record<string, unknown>[] {
  return JSON.parse(outputs.workspaces ?? '')
}

describe('several workspaces in one configuration', () => {
  test('all are pushed: the outputs add up, and tell of each; the state of each is the base of the next run', async () => {
    const cache = new Map<string, string>()
    const first = await onANewMachine(cache)
    expect(first).toMatchObject({
      isSuccess: true,
      outputs: { outcome: 'confirmed', base: 'nothing', created: '3', skipped: '1', sequence: '', tree: '' },
    })
    expect(eachOf(first.outputs)).toMatchObject([
      {
        folder: 'packages/a',
        outcome: 'confirmed',
        sequence: 1,
        tree: expect.stringMatching(/^[0-9a-f]{40}$/),
        created: 1,
      },
      { folder: 'packages/b', outcome: 'confirmed', sequence: 1, created: 2, skipped: 1 },
    ])
    expect(first.outputs['bundle-ids']?.split(' ')).toHaveLength(2)
    expect(first.summary.match(/^### ce-delta: confirmed, proven equal$/gm)).toHaveLength(2)
    expect(commandsIn(first.log)).toContainEqual(expect.stringContaining('::warning file=packages/b/key.txt,'))
    await writeTree(root, { 'packages/a/x': 'changed' })
    await commitAll()
    const second = await onANewMachine(cache)
    expect(second.outputs).toMatchObject({ outcome: 'confirmed', base: 'state', created: '0', updated: '1' })
    expect(second.outputs.reason).toMatch(/^packages\/a: /)
    expect(eachOf(second.outputs)).toMatchObject([
      { folder: 'packages/a', outcome: 'confirmed', base: 'state', sequence: 2 },
      { folder: 'packages/b', outcome: 'unchanged', base: 'state', sequence: 1 },
    ])
  })

  test('one that fails fails the step and names itself; the others are pushed, and their state is kept', async () => {
    const cache = new Map<string, string>()
    await rm(join(root, 'packages/b'), { recursive: true })
    await commitAll()
    const { isSuccess, outputs, log, summary } = await onANewMachine(cache)
    expect({ isSuccess, outputs }).toMatchObject({ isSuccess: false, outputs: { outcome: 'failed', created: '1' } })
    expect(outputs.reason).toMatch(/^packages\/b: /)
    expect(eachOf(outputs)).toMatchObject([
      { folder: 'packages/a', outcome: 'confirmed' },
      { folder: 'packages/b', outcome: 'failed', sequence: null },
    ])
    expect(commandsIn(log)).toContainEqual(
      expect.stringMatching(/^::error .*title=ce-delta%3A packages\/b::.*not there/),
    )
    expect(summary).toContain('### ce-delta: failed')
    expect(eachOf((await onANewMachine(cache)).outputs)).toMatchObject([{ base: 'state' }, { base: '' }])
  })

  test('in one of the folders, only that one', async () => {
    const { outputs } = await runAction(root, { ...inputs, 'working-directory': 'packages/a' })
    expect(outputs).toMatchObject({ outcome: 'confirmed', created: '1', sequence: '1' })
    expect(eachOf(outputs)).toMatchObject([{ folder: 'packages/a' }])
  })
})
