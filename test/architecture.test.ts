import { fileURLToPath } from 'node:url'
import { describe, expect, test } from '@jest/globals'
import { findBreaches, LAYERS, layerOf } from './helpers/architecture.js'
import { readTree } from './helpers/workspace.js'

const SOURCES = fileURLToPath(new URL('../src', import.meta.url))

async function sourceFiles(): Promise<Map<string, string>> {
  const files = new Map<string, string>()
  for (const [path, content] of await readTree(SOURCES)) {
    if (path.endsWith('.ts')) files.set(`src/${path}`, content.toString('utf8'))
  }
  return files
}

describe('the sources', () => {
  test('are read', async () => {
    const files = await sourceFiles()
    expect([...files.keys()]).toEqual(expect.arrayContaining(['src/delta/order.ts', 'src/support/git.ts']))
    expect(files.get('src/delta/order.ts')).toContain('import ')
  })

  test('keep to the architecture', async () => {
    expect(findBreaches(await sourceFiles())).toEqual([])
  })
})

describe('the check itself', () => {
  const breaches = (file: string, source: string) => findBreaches(new Map([[file, source]]))

  test.each<[string, string, string, string]>([
    [
      'an import from a higher layer',
      'src/delta/x.ts',
      "import { a } from '../bundle/a.js'",
      'imports upwards from bundle',
    ],
    [
      'an import of types only',
      'src/support/x.ts',
      "import type { A } from '../delta/a.js'",
      'imports upwards from delta',
    ],
    ['an import without names', 'src/delta/x.ts', "import '../push.js'", 'imports upwards from push'],
    ['an export from elsewhere', 'src/config/x.ts', "export * from '../report/a.js'", 'imports upwards from report'],
    ['an import when needed', 'src/push.ts', "const a = await import('./cli/a.js')", 'imports upwards from cli'],
    [
      'a type taken from elsewhere',
      'src/snapshot/x.ts',
      "let a: import('../receiver/a.js').A",
      'imports upwards from receiver',
    ],
    ['a require', 'src/receiver/x.ts', "require('../delivery/a.js')", 'imports upwards from delivery'],
    ['the API in the pipeline', 'src/push.ts', "import { a } from './index.js'", 'imports upwards from index'],
    ['the command line in the API', 'src/index.ts', "import { a } from './cli/a.js'", 'imports upwards from cli'],
    [
      'an import over several lines',
      'src/delta/x.ts',
      "import {\n  a,\n} from\n  '../cli/a.js'",
      'imports upwards from cli',
    ],
    [
      'an import from a deeper folder',
      'src/delta/y/x.ts',
      "import { a } from '../../cli/a.js'",
      'imports upwards from cli',
    ],
    ['a folder that is no layer', 'src/utilities/x.ts', '', 'is in no layer'],
    [
      'an import from such a folder',
      'src/cli/x.ts',
      "import { a } from '../utilities/a.js'",
      'imports ../utilities/a.js, which is in no layer',
    ],
    [
      'an import from the tests',
      'src/push.ts',
      "import { a } from '../test/a.js'",
      'imports ../test/a.js, which is in no layer',
    ],
    [
      'simple-git beside its door',
      'src/support/x.ts',
      "import { simpleGit } from 'simple-git'",
      'imports simple-git, whose door is src/support/git.ts',
    ],
    [
      'tar outside bundle',
      'src/receiver/x.ts',
      "import { Parser } from 'tar'",
      'imports tar, whose door is src/bundle/',
    ],
    [
      'node-fetch outside delivery',
      'src/push.ts',
      "import fetch from 'node-fetch'",
      'imports node-fetch, whose door is src/delivery/',
    ],
    [
      'cosmiconfig outside config',
      'src/cli/x.ts',
      "import { a } from 'cosmiconfig'",
      'imports cosmiconfig, whose door is src/config/',
    ],
    ['jiti outside config', 'src/support/x.ts', "await import('jiti')", 'imports jiti, whose door is src/config/'],
    [
      'yargs outside cli',
      'src/triggers/x.ts',
      "import { hideBin } from 'yargs/helpers'",
      'imports yargs/helpers, whose door is src/cli/',
    ],
    [
      'fastify outside receiver',
      'src/cli/x.ts',
      "import fastify from 'fastify'",
      'imports fastify, whose door is src/receiver/',
    ],
    [
      'a part of fastify',
      'src/cli/x.ts',
      "import a from '@fastify/multipart'",
      'imports @fastify/multipart, whose door is src/receiver/',
    ],
    [
      'a module of Node in delta',
      'src/delta/x.ts',
      "import { sep } from 'node:path'",
      'is pure, but imports node:path',
    ],
    ['the same by its old name', 'src/delta/x.ts', "import { sep } from 'path'", 'is pure, but imports path'],
    [
      'git, started elsewhere',
      'src/snapshot/x.ts',
      "import { spawn } from 'node:child_process'\nspawn('git', ['status'])",
      'starts git',
    ],
    [
      'git, started by a shell',
      'src/cli/x.ts',
      "import { exec } from 'child_process'\nexec('git status')",
      'starts git',
    ],
    ['an exit', 'src/push.ts', 'process.exit(1)', 'decides how the process ends'],
    ['an exit code', 'src/triggers/x.ts', 'process.exitCode = 1', 'decides how the process ends'],
    ['an exit by another spelling', 'src/push.ts', "globalThis.process['exit'](1)", 'decides how the process ends'],
    [
      'an exit that is imported',
      'src/push.ts',
      "import { exit as stop } from 'node:process'",
      'decides how the process ends',
    ],
    ['an exit that is taken out', 'src/push.ts', 'const { exit } = process', 'decides how the process ends'],
    ['any as a type', 'src/cli/x.ts', 'let a: any', 'uses any'],
    ['any inside a type', 'src/cli/x.ts', 'const a = b as ReadonlyMap<string, any[]>', 'uses any'],
  ])('finds %s', (_, file, source, breach) => {
    expect(breaches(file, source)).toEqual([`${file}: ${breach}`])
  })

  test.each<[string, string, string]>([
    [
      'imports from the own layer and from below',
      'src/push.ts',
      "import './recover.js'\nimport './report/a.js'\nimport './support/git.js'",
    ],
    [
      'the command line importing everything',
      'src/cli/main.ts',
      "import './x.js'\nimport '../triggers/a.js'\nimport '../index.js'",
    ],
    [
      'delta importing support',
      'src/delta/x.ts',
      "import { a } from '../support/paths.js'\nimport { b } from './order.js'",
    ],
    [
      'packages at their doors',
      'src/bundle/x.ts',
      "import { Header } from 'tar'\nimport { createHash } from 'node:crypto'",
    ],
    [
      'git at its door',
      'src/support/git.ts',
      "import { spawn } from 'node:child_process'\nspawn('git')\nawait import('simple-git')",
    ],
    ['another program', 'src/push.ts', "import { spawn } from 'node:child_process'\nspawn('node', ['git'])"],
    ['a package without a door', 'src/receiver/x.ts', "import * as v from 'valibot'"],
    ['the exit of the command line', 'src/cli/main.ts', 'process.exitCode = 1\nprocess.exit()'],
    ['other uses of the process', 'src/push.ts', "process.env.HOME\nprocess.once('exit', stop)\nchild.exitCode"],
    [
      'comments and texts',
      'src/delta/x.ts',
      "// import '../cli/a.js'; process.exit(1): any\nconst a = \"import '../cli/a.js'\"",
    ],
  ])('leaves alone %s', (_, file, source) => {
    expect(breaches(file, source)).toEqual([])
  })

  test('reports every breach of every file', () => {
    const files = new Map([
      ['src/delta/a.ts', "import '../cli/x.js'\nimport 'node:fs'"],
      ['src/delta/b.ts', 'process.exit()\nlet a: any'],
      ['src/delta/c.ts', 'export {}'],
    ])
    expect(findBreaches(files)).toEqual([
      'src/delta/a.ts: imports upwards from cli',
      'src/delta/a.ts: is pure, but imports node:fs',
      'src/delta/b.ts: decides how the process ends',
      'src/delta/b.ts: uses any',
    ])
  })

  test('refuses every arrow that points upwards, and no other', () => {
    const fileIn = (layer: string) => (layer === 'index' ? 'index' : layer === 'push' ? 'push' : `${layer}/file`)
    LAYERS.forEach((upper, height) => {
      LAYERS.forEach((lower, depth) => {
        const file = `src/${fileIn(lower)}.ts`
        const up = lower === 'index' || lower === 'push' ? './' : '../'
        const found = breaches(file, `import '${up}${fileIn(upper)}.js'`)
        expect(found).toEqual(height < depth ? [`${file}: imports upwards from ${upper}`] : [])
      })
    })
  })

  test.each([
    ['src/cli/main.ts', 'cli'],
    ['src/receiver/routes/upload.ts', 'receiver'],
    ['src/index.ts', 'index'],
    ['src/push.ts', 'push'],
    ['src/status.ts', 'push'],
    ['src/receiver/index.ts', 'receiver'],
    ['src/unknown/a.ts', undefined],
    ['test/a.ts', undefined],
  ])('the layer of %s is %s', (file, layer) => {
    expect(layerOf(file)).toBe(layer)
  })
})
