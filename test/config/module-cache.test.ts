import { execFile } from 'node:child_process'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeEach, describe, expect, test } from '@jest/globals'
import { ceDelta, thisMachine } from '../helpers/command.js'
import { gitRepository, writeTree } from '../helpers/workspace.js'

const CONFIG = `import { defineConfig } from 'ce-delta'
import { retries } from './retries'
console.error('it runs')
const timeout: number = Number(process.env.SOME_TIMEOUT ?? 3)
export default defineConfig({ maxRetries: retries, timeout })
`

let root: string
beforeEach(async () => {
  root = await gitRepository()
  await writeTree(root, { 'ce-delta.config.ts': CONFIG, 'retries.ts': 'export const retries: number = 1\n' })
})

async function print(env: NodeJS.ProcessEnv = {}) {
  const { exitCode, stderr, events } = await ceDelta(root, ['config', 'print', '--json'], { env })
  const settings = new Map<unknown, unknown>()
  for (const { name, value } of [events[0]?.settings].flat().map(Object)) settings.set(name, value)
  const [retries, timeout] = [settings.get('maxRetries'), settings.get('timeout')]
  return { exitCode, hasRun: stderr.includes('it runs'), retries, timeout }
}

/** The one file in which the result is kept. */
async function cacheFile(): Promise<string> {
  const folder = join((await thisMachine()).home, '.local', 'state', 'ce-delta', 'configurations')
  const names = await readdir(folder)
  expect(names).toHaveLength(1)
  return join(folder, names[0] ?? '')
}

const first = { exitCode: 0, retries: 1, timeout: 3 }

test('a configuration that is a program runs once', async () => {
  expect(await print()).toEqual({ ...first, hasRun: true })
  expect(await print()).toEqual({ ...first, hasRun: false })
})

describe('it runs again', () => {
  test.each<[string, () => Promise<NodeJS.ProcessEnv>, object]>([
    ['when it changed', async () => edit('ce-delta.config.ts', CONFIG.replace('?? 3', '?? 4')), { timeout: 4 }],
    [
      'when something changed that it imports',
      async () => edit('retries.ts', 'export const retries = 2\n'),
      { retries: 2 },
    ],
    ['when a variable changed that it reads', async () => ({ SOME_TIMEOUT: '5' }), { timeout: 5 }],
  ])('%s', async (_, change, expected) => {
    await print()
    const env = await change()
    expect(await print(env)).toMatchObject({ hasRun: true, ...expected })
  })

  async function edit(path: string, text: string): Promise<NodeJS.ProcessEnv> {
    await writeFile(join(root, path), text)
    return {}
  }
})

describe('row 100: what is kept is only a hint', () => {
  test.each<[string, (text: string) => string]>([
    ['it is no JSON', () => '{'],
    ['it is cut off', (text) => text.slice(0, 40)],
    ['it is of another shape', () => '{"inputs":{"files":7},"digest":"","config":{}}'],
    ['it is of other inputs', (text) => text.replace(/"digest":"[0-9a-f]+"/, '"digest":"00"')],
    ['it names another file', (text) => text.replace('ce-delta.config.ts', 'other.ts')],
    [
      'it names a device',
      (text) => text.replace('"variables"', '"more":[],"variables"').replace('retries.ts', '../../dev/zero'),
    ],
  ])('%s', async (_, damage) => {
    await print()
    const file = await cacheFile()
    await writeFile(file, damage(await readFile(file, 'utf8')))
    expect(await print()).toEqual({ ...first, hasRun: true })
    expect(await print()).toEqual({ ...first, hasRun: false })
  })

  test('a pipe in its place', async () => {
    await print()
    const file = await cacheFile()
    await rm(file)
    await promisify(execFile)('mkfifo', [file])
    expect(await print()).toMatchObject(first)
  })

  test('what it says is checked like any other configuration', async () => {
    await print()
    const file = await cacheFile()
    await writeFile(file, (await readFile(file, 'utf8')).replace('"maxRetries":1', '"maxRetries":-1'))
    expect((await print()).retries).toBe(1)
  })
})
