import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { findInputs } from '../../src/config/module-inputs.js'
import { temporaryDirectory, writeTree } from '../helpers/workspace.js'

async function inputsOf(text: string) {
  const root = await temporaryDirectory()
  await writeTree(root, { 'c.ts': text, 'b.ts': "export * from './a.ts'", 'a.ts': 'export const a = 1', 'd.json': '1' })
  const found = await findInputs(join(root, 'c.ts'), (specifier) => join(root, specifier))
  return found === null ? null : { ...found, files: found.files.map((file) => file.slice(root.length + 1)) }
}

describe('what a configuration depends on', () => {
  test.each<[string, string, readonly string[]]>([
    ['a plain export', 'export default { timeout: 3 }', ['c.ts']],
    ['ce-delta itself', "import { defineConfig } from 'ce-delta'\nexport default defineConfig({})", ['c.ts']],
    ['an import, and what that imports', "import { a } from './b.ts'\nexport default a", ['c.ts', 'b.ts', 'a.ts']],
    ['an import over several lines', "import {\n  a,\n} from './b.ts'", ['c.ts', 'b.ts', 'a.ts']],
    ['an import when it runs', "export default await import('./a.ts')", ['c.ts', 'a.ts']],
    ['a require', 'module.exports = require("./a.ts")', ['c.ts', 'a.ts']],
    ['an import for its effects', "import './a.ts'", ['c.ts', 'a.ts']],
    ['JSON', "import d from './d.json' with { type: 'json' }", ['c.ts', 'd.json']],
    [
      'types are not there when it runs',
      "import type { A } from 'a-package'\nexport type { B } from './b.ts'",
      ['c.ts'],
    ],
    ['something that is called type', "import type from './a.ts'", ['c.ts', 'a.ts']],
    ['its own place and paths', "import { join } from 'node:path'\njoin(import.meta.dirname, 'x')", ['c.ts']],
  ])('%s', async (_, text, files) => {
    expect(await inputsOf(text)).toEqual({ files, variables: [] })
  })

  test('variables of the environment', async () => {
    expect(await inputsOf('export default { a: process.env.B, c: process.env.A ?? process.env.B }')).toMatchObject({
      variables: ['A', 'B'],
    })
  })
})

describe('what cannot be told', () => {
  test.each([
    ['a package', "import a from 'a-package'"],
    ['files that are read', "import { readFileSync } from 'node:fs'"],
    ['a program that is started', "import { execSync } from 'child_process'"],
    ['any variable', 'export default { ...process.env }'],
    ['a variable by a computed name', 'process.env[name]'],
    ['where it was started', 'process.cwd()'],
    ['the process by another name', "import process from 'node:process'"],
    ['the process by a detour', 'globalThis["pro" + "cess"]'],
    ['an import that is computed', 'await import(name)'],
    ['a require that is computed', 'require(name)'],
    ['the time', 'new Date().getHours()'],
    ['chance', 'Math.random()'],
    ['an import that is not there', "import a from './e.ts'"],
    ['a package among the imports of an import', "import a from './node_modules/a/index.js'"],
  ])('%s', async (_, text) => {
    expect(await inputsOf(text)).toBeNull()
  })
})
