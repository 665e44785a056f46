import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'
import ts from 'typescript'
import { SETTING_NAMES } from '../../src/config/schema.js'
import { ceDelta } from '../helpers/command.js'
import { temporaryDirectory } from '../helpers/workspace.js'

const PROJECT = fileURLToPath(new URL('../../', import.meta.url))

test('the JSON schema and the table in docs/configuration.md are what the sources say (npm run docs writes them)', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['scripts/config-reference.mjs', '--print'], {
    cwd: PROJECT,
  })
  const texts: Readonly<Record<string, string>> = JSON.parse(stdout)
  const read = async (path: string): Promise<string> => await readFile(join(PROJECT, path), 'utf8')
  expect(await read('docs/configuration.md')).toBe(texts['docs/configuration.md'])
  // Written the way the formatter likes it.
  const schema = JSON.parse(await read('src/config/schema.json'))
  expect(schema).toEqual(JSON.parse(texts['src/config/schema.json'] ?? ''))
  expect(JSON.parse(await read('dist/schema.json'))).toEqual(schema)
  for (const name of SETTING_NAMES.filter((setting) => setting !== 'secrets'))
    expect(texts['docs/configuration.md']).toContain(`| \`${name}\` |`)
})

test('config schema prints the JSON schema, and needs no workspace', async () => {
  const { exitCode, events } = await ceDelta(await temporaryDirectory(), ['config', 'schema', '--json'])
  expect(exitCode).toBe(0)
  expect(events[0]?.schema).toMatchObject({
    additionalProperties: false,
    properties: { endpoint: { type: 'string', description: expect.stringContaining('Where to upload to') } },
  })
})

const EXAMPLE = `import { defineConfig } from 'ce-delta'

export default defineConfig({
  timeout: 30,
  targets: { production: { endpoint: 'https://context.example.com' } },
  fallback: 'elsewhere',
})
`

test('defineConfig gives an editor types and comments', () => {
  const file = join(PROJECT, 'example.ts')
  const host: ts.LanguageServiceHost = {
    getCompilationSettings: () => ({
      strict: true,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      skipLibCheck: true,
      noEmit: true,
      types: ['node'],
      paths: { 'ce-delta': [join(PROJECT, 'src/index.ts')] },
    }),
    getScriptFileNames: () => [file],
    getScriptVersion: () => '1',
    getScriptSnapshot: (path) => {
      const text = path === file ? EXAMPLE : ts.sys.readFile(path)
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text)
    },
    getCurrentDirectory: () => PROJECT,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: (path) => path === file || ts.sys.fileExists(path),
    readFile: ts.sys.readFile,
    directoryExists: ts.sys.directoryExists,
  }
  const editor = ts.createLanguageService(host)
  const about = editor.getQuickInfoAtPosition(file, EXAMPLE.indexOf('timeout'))
  expect(ts.displayPartsToString(about?.documentation)).toBe(
    'Seconds without a byte moving after which a request is given up.',
  )
  const [problem, ...others] = editor.getSemanticDiagnostics(file)
  expect(others).toEqual([])
  expect(ts.flattenDiagnosticMessageText(problem?.messageText, ' ')).toContain('"elsewhere"\' is not assignable')
}, 60_000)
