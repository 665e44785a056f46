import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect } from '@jest/globals'
import { filesOf } from '../helpers/command.js'
import { readTree, temporaryDirectory } from '../helpers/workspace.js'
import type { GenerationName } from './generations.js'

const SCRIPT = fileURLToPath(new URL('./apply_bundles.py', import.meta.url))

interface Applied {
  readonly counts: Readonly<Record<string, number>>
  readonly seconds: number
  /** What it took for histories of commits. */
  readonly histories: readonly { readonly mode: string; readonly commits: readonly { readonly message: string }[] }[]
  readonly folder: string
}

/** What a server written in Python makes of bundles, one after another. */
export async function applyWithPython(generation: GenerationName, bundles: readonly Buffer[]): Promise<Applied> {
  const root = await temporaryDirectory()
  const folder = join(root, 'workspace')
  await mkdir(folder)
  const paths: string[] = []
  for (const [index, bytes] of bundles.entries()) {
    const path = join(root, `${index}.tar.gz`)
    await writeFile(path, bytes)
    paths.push(path)
  }
  const { stdout } = await promisify(execFile)('python3', [SCRIPT, generation, folder, ...paths])
  return { ...JSON.parse(stdout), folder }
}

/** Without the empty folders that were moved aside, which are no files. */
export async function expectSame(folder: string, root: string): Promise<void> {
  const [there, here] = [await readTree(folder), await filesOf(root)]
  for (const path of [...there.keys()]) if (path.startsWith('.remote-git/')) there.delete(path)
  expect([...there.keys()]).toEqual([...here.keys()])
  for (const [path, content] of here) expect([path, there.get(path)?.toString()]).toEqual([path, content.toString()])
}
