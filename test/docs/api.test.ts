import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, describe, expect, test } from '@jest/globals'
import ts from 'typescript'
import { thisMachine } from '../helpers/command.js'
import { gitEnvironment, gitRepository, temporaryDirectory, writeTree } from '../helpers/workspace.js'

const PROJECT = fileURLToPath(new URL('../../', import.meta.url))

/** The programs of a page, each of them complete. */
async function programsOf(page: string): Promise<string[]> {
  const text = await readFile(join(PROJECT, page), 'utf8')
  return [...text.matchAll(/^```ts\n(import [\s\S]*?)^```$/gm)].map(([, program = '']) => program)
}

const PAGES = ['docs/api.md', 'docs/configuration.md']
const PROGRAMS = (
  await Promise.all(
    PAGES.map(async (page) =>
      (await programsOf(page)).map((program, index) => [`${page}, program ${index + 1}`, program] as const),
    ),
  )
).flat()

test('every page has programs', () => {
  expect(PROGRAMS.length).toBeGreaterThanOrEqual(6)
})

test('their types are right, by the types that are published', async () => {
  const types = await publishedTypes()
  const folder = await temporaryDirectory()
  await writeTree(folder, Object.fromEntries(PROGRAMS.map(([, program], index) => [`${index}.mts`, program])))
  const options: ts.CompilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUnusedLocals: true,
    noEmit: true,
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    paths: { 'ce-delta': [join(types, 'index.d.ts')] },
    typeRoots: [join(PROJECT, 'node_modules/@types')],
    types: ['node'],
  }
  const program = ts.createProgram(
    PROGRAMS.map((_, index) => join(folder, `${index}.mts`)),
    options,
  )
  const complaints = ts.getPreEmitDiagnostics(program).map(({ messageText, file }) => {
    return `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
  })
  expect(complaints).toEqual([])
})

test('the published types need nothing that is not installed with them', async () => {
  const types = await publishedTypes()
  const { dependencies } = JSON.parse(await readFile(join(PROJECT, 'package.json'), 'utf8'))
  const foreign: string[] = []
  const seen = new Set<string>()
  const visit = async (file: string): Promise<void> => {
    if (seen.has(file)) return
    seen.add(file)
    const text = await readFile(file, 'utf8')
    for (const { fileName } of ts.preProcessFile(text).importedFiles) {
      if (fileName.startsWith('.')) await visit(join(file, '..', fileName.replace(/\.js$/, '.d.ts')))
      else if (!fileName.startsWith('node:') && !(fileName in dependencies)) foreign.push(`${file}: ${fileName}`)
    }
  }
  await visit(join(types, 'index.d.ts'))
  expect(seen.size).toBeGreaterThan(5)
  expect(foreign).toEqual([])
})

describe('they run', () => {
  test.each(PROGRAMS)('%s', async (_, program) => {
    const { home } = await thisMachine()
    const root = await gitRepository({ files: { 'src/a.ts': 'export {}\n', '.env': 'KEY=1\n' } })
    const folder = await temporaryDirectory()
    await mkdir(join(folder, 'node_modules'))
    await symlink(PROJECT, join(folder, 'node_modules', 'ce-delta'))
    const file = join(folder, 'program.mjs')
    const { outputText } = ts.transpileModule(program, {
      compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext },
    })
    await writeFile(file, outputText)
    const env = { ...gitEnvironment(), HOME: home }
    const { stderr } = await promisify(execFile)(process.execPath, [file], { cwd: root, env, timeout: 60_000 })
    expect(stderr).toBe('')
  })
})

let published: Promise<string> | null = null

afterAll(async () => {
  if (published !== null) await rm(await published, { recursive: true })
})

/** The declarations, as `npm pack` makes them; once for all tests. */
function publishedTypes(): Promise<string> {
  published ??= (async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ce-delta-types-'))
    const compiler = join(PROJECT, 'node_modules/typescript/bin/tsc')
    await promisify(execFile)(process.execPath, [compiler, '-p', 'tsconfig.types.json', '--outDir', folder], {
      cwd: PROJECT,
    })
    return folder
  })()
  return published
}
