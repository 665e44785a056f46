import { builtinModules } from 'node:module'
import { posix } from 'node:path'
import ts from 'typescript'

/** From top to bottom. A file may import from its own layer and from those below it. */
export const LAYERS = [
  'cli',
  'index',
  'api',
  'triggers',
  'handover',
  'inspect',
  'push',
  'report',
  'config',
  'delivery',
  'receiver',
  'snapshot',
  'bundle',
  'delta',
  'support',
] as const

export type Layer = (typeof LAYERS)[number]

/** The one door of each package or module: the path that a file which imports it must start with. */
const DOORS: Readonly<Record<string, string>> = {
  'simple-git': 'src/support/git.ts',
  tar: 'src/bundle/',
  'node-fetch': 'src/delivery/',
  'https-proxy-agent': 'src/delivery/proxy-agent.ts',
  'http-proxy-agent': 'src/delivery/proxy-agent.ts',
  cosmiconfig: 'src/config/',
  jiti: 'src/config/',
  yargs: 'src/cli/',
  fastify: 'src/receiver/',
  'ci-info': 'src/triggers/ci/',
}

/** `src/index.ts` is the layer index; any other file directly in `src` belongs to push. */
export function layerOf(file: string): Layer | undefined {
  const [root, first, ...rest] = file.split('/')
  if (root !== 'src' || first === undefined) return undefined
  const name = rest.length > 0 ? first : /^index\.[jt]s$/.test(first) ? 'index' : 'push'
  return LAYERS.find((layer) => layer === name)
}

/** Every breach of the architecture (design.md §4), one line each. Keys are paths such as `src/delta/order.ts`. */
export function findBreaches(files: ReadonlyMap<string, string>): string[] {
  return [...files].flatMap(([file, source]) =>
    breachesOf(file, readSource(source)).map((breach) => `${file}: ${breach}`),
  )
}

function breachesOf(file: string, source: Source): string[] {
  const layer = layerOf(file)
  if (layer === undefined) return ['is in no layer']
  const breaches = source.imports.flatMap((specifier) => importBreach(file, layer, specifier) ?? [])
  if (source.startsGit && file !== 'src/support/git.ts') breaches.push('starts git')
  if (source.endsProcess && layer !== 'cli') breaches.push('decides how the process ends')
  if (source.saysAny) breaches.push('uses any')
  return breaches
}

function importBreach(file: string, layer: Layer, specifier: string): string | undefined {
  if (specifier.startsWith('.')) {
    const target = layerOf(posix.join(posix.dirname(file), specifier))
    if (target === undefined) return `imports ${specifier}, which is in no layer`
    return LAYERS.indexOf(target) < LAYERS.indexOf(layer) ? `imports upwards from ${target}` : undefined
  }
  if (layer === 'delta' && isBuiltin(specifier)) return `is pure, but imports ${specifier}`
  const [scope = '', name] = specifier.split('/')
  const door = DOORS[scope.startsWith('@') ? scope.slice(1) : scope] ?? DOORS[`${scope}/${name}`]
  return door === undefined || file.startsWith(door) ? undefined : `imports ${specifier}, whose door is ${door}`
}

function isBuiltin(specifier: string): boolean {
  return specifier.startsWith('node:') || builtinModules.includes(specifier)
}

interface Source {
  readonly imports: readonly string[]
  readonly startsGit: boolean
  readonly endsProcess: boolean
  readonly saysAny: boolean
}

/** What a file says in code; comments and texts do not count. */
function readSource(text: string): Source {
  const imports: string[] = []
  let [runsGit, endsProcess, saysAny] = [false, false, false]
  const visit = (node: ts.Node): void => {
    const specifier = importedBy(node)
    if (specifier !== undefined) imports.push(specifier)
    if (namesGitAsCommand(node)) runsGit = true
    if (namesEndOfProcess(node)) endsProcess = true
    if (node.kind === ts.SyntaxKind.AnyKeyword) saysAny = true
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile('source.ts', text, ts.ScriptTarget.Latest, false))
  const startsGit = runsGit && imports.some((specifier) => /^(node:)?child_process$/.test(specifier))
  return { imports, startsGit, endsProcess, saysAny }
}

/** `import`, `export … from`, `import()`, `require()` and `import('…').Type`. */
function importedBy(node: ts.Node): string | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return textOf(node.moduleSpecifier)
  if (ts.isImportTypeNode(node)) return ts.isLiteralTypeNode(node.argument) ? textOf(node.argument.literal) : undefined
  if (!ts.isCallExpression(node)) return undefined
  const { expression } = node
  const isImport = expression.kind === ts.SyntaxKind.ImportKeyword
  const isRequire = ts.isIdentifier(expression) && expression.text === 'require'
  return isImport || isRequire ? textOf(node.arguments[0]) : undefined
}

/** A call whose first argument is the command `git`. */
function namesGitAsCommand(node: ts.Node): boolean {
  return ts.isCallExpression(node) && /^git(\.exe)?( |$)/.test(textOf(node.arguments[0]) ?? '')
}

/** `process.exit`, `process.exitCode`, `process['exit']`, `const { exit } = process`, `import { exit } from 'node:process'`. */
function namesEndOfProcess(node: ts.Node): boolean {
  if (ts.isPropertyAccessExpression(node)) return isProcess(node.expression) && isEnd(node.name.text)
  if (ts.isElementAccessExpression(node)) return isProcess(node.expression) && isEnd(textOf(node.argumentExpression))
  if (ts.isImportDeclaration(node)) {
    const names = node.importClause?.namedBindings
    if (names === undefined || !ts.isNamedImports(names)) return false
    const fromProcess = /^(node:)?process$/.test(textOf(node.moduleSpecifier) ?? '')
    return fromProcess && names.elements.some(({ propertyName, name }) => isEnd((propertyName ?? name).text))
  }
  if (!ts.isVariableDeclaration(node) || node.initializer === undefined || !isProcess(node.initializer)) return false
  const pattern = node.name
  return (
    ts.isObjectBindingPattern(pattern) &&
    pattern.elements.some(({ propertyName, name }) => {
      const property = propertyName ?? name
      return ts.isIdentifier(property) && isEnd(property.text)
    })
  )
}

function isProcess(node: ts.Expression): boolean {
  return ts.isPropertyAccessExpression(node)
    ? node.name.text === 'process'
    : ts.isIdentifier(node) && node.text === 'process'
}

function isEnd(name: string | undefined): boolean {
  return name === 'exit' || name === 'exitCode'
}

function textOf(node: ts.Node | undefined): string | undefined {
  return node !== undefined && ts.isStringLiteralLike(node) ? node.text : undefined
}
