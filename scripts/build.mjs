// Bundles the command and the programmatic API. Chunks are split, so that a command loads only what it needs.
import { chmod, copyFile, readFile, rm, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { rollup } from '@rollup/wasm-node'
import { build } from 'esbuild'

const { version, dependencies } = JSON.parse(await readFile('package.json', 'utf8'))

/** What a push to a server loads one after another: joined, Node finds and reads it in one step. */
const LOADED_BY_EVERY_PUSH = [
  'src/cli/command-line.ts',
  'src/push.ts',
  'src/access.ts',
  'src/delivery/http-receiver.ts',
  'src/delivery/dialects/memory.ts',
  'src/delivery/hide-secrets.ts',
  'src/maintain.ts',
]

/**
 * string-width makes tables of Unicode when it is loaded, which takes as long as all of yargs, and only the layout of a
 * help text asks for a width.
 */
const lazyStringWidth = {
  name: 'lazy-string-width',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^string-width$/ }, ({ kind, resolveDir }) =>
      kind === 'require-call' ? undefined : { path: 'string-width', namespace: 'lazy', pluginData: resolveDir },
    )
    onLoad({ filter: /.*/, namespace: 'lazy' }, ({ pluginData }) => ({
      contents: "export default (...text) => require('string-width').default(...text)",
      resolveDir: pluginData,
    }))
  },
}

/** TypeScript and packages to chunks, as many as there are sets of modules that are needed together. */
async function compile() {
  const { outputFiles, metafile } = await build({
    entryPoints: { cli: 'src/cli/main.ts', index: 'src/index.ts' },
    outdir: 'dist',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.17',
    // Never used: jiti loads configuration files, not cosmiconfig’s own loader, and Node has the streams of the web.
    external: [...Object.keys(dependencies), 'typescript', 'web-streams-polyfill'],
    define: { __CE_DELTA_VERSION__: JSON.stringify(version) },
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module';const require=__createRequire(import.meta.url);",
    },
    plugins: [lazyStringWidth],
    chunkNames: 'chunks/[name]-[hash]',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'external',
    logLevel: 'warning',
    write: false,
    metafile: true,
  })
  return { files: new Map(outputFiles.map(({ path, text }) => [path, text])), outputs: metafile.outputs }
}

/** The chunks that are there once these modules are loaded, but not those of the start, which ends without them. */
function chunksOf(outputs, entryPoints) {
  const loadedWith = (name, loaded = new Set()) => {
    if (loaded.has(name)) return loaded
    loaded.add(name)
    for (const { path, kind } of outputs[name].imports)
      if (kind === 'import-statement' && path in outputs) loadedWith(path, loaded)
    return loaded
  }
  const named = Object.keys(outputs).filter((name) => entryPoints.includes(outputs[name].entryPoint))
  if (named.length !== entryPoints.length)
    throw new Error(`Not every one of ${entryPoints} is loaded when it is asked for.`)
  const start = loadedWith('dist/cli.js')
  return new Set(named.flatMap((name) => [...loadedWith(name)]).filter((name) => !start.has(name)))
}

/** Joins chunks that are always loaded together: finding and linking a module takes Node about 0.7 ms, whatever its size. */
async function join(files, together) {
  const inMemory = {
    name: 'in-memory',
    resolveId: (id, importer) => {
      const path = resolve(importer === undefined ? '.' : importer, importer === undefined ? '.' : '..', id)
      return files.has(path) ? path : false
    },
    load: (path) => files.get(path),
  }
  const bundle = await rollup({
    input: { cli: resolve('dist/cli.js'), index: resolve('dist/index.js') },
    plugins: [inMemory],
    treeshake: false,
  })
  await bundle.write({
    dir: 'dist',
    format: 'es',
    compact: true,
    chunkFileNames: 'chunks/[name]-[hash].js',
    manualChunks: (path) => (together.has(path) ? 'push' : undefined),
    // What the start needs as well stays apart.
    onlyExplicitManualChunks: true,
    hoistTransitiveImports: false,
  })
}

/** The licences of what is bundled. */
async function writeLicences(files) {
  const texts = [...files].filter(([path]) => path.endsWith('.LEGAL.txt')).map(([, text]) => text)
  await writeFile('dist/licences.txt', texts.join('\n'))
}

await rm('dist', { recursive: true, force: true })
const { files, outputs } = await compile()
const together = chunksOf(outputs, LOADED_BY_EVERY_PUSH)
await join(files, new Set([...together].map((name) => resolve(name))))
await writeLicences(files)
// For editors and programs, at a place that does not change.
await copyFile('src/config/schema.json', 'dist/schema.json')
await copyFile('src/report/events.schema.json', 'dist/events.schema.json')
await chmod('dist/cli.js', 0o755)
