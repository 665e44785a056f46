import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { expect, test } from '@jest/globals'

const STATIC_IMPORT = /\b(?:import|from)\s*["'](\.[^"']+)["']/g

/** What Node reads before the first line of a file of the build runs, in bytes. */
async function bytesLoadedWith(file: string, loaded = new Map<string, number>()): Promise<number> {
  const text = await readFile(file, 'utf8')
  loaded.set(file, text.length)
  for (const [, name = ''] of text.matchAll(STATIC_IMPORT)) {
    const imported = join(dirname(file), name)
    if (!loaded.has(imported)) await bytesLoadedWith(imported, loaded)
  }
  return [...loaded.values()].reduce((sum, bytes) => sum + bytes, 0)
}

test('the version is told without loading what the commands need', async () => {
  expect(await bytesLoadedWith(resolve('dist/cli.js'))).toBeLessThan(10_000)
})
