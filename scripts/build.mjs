// Bundles the command and the programmatic API. Chunks are split, so that a command loads only what it needs.
import { chmod, copyFile, readFile, rm } from 'node:fs/promises'
import { build } from 'esbuild'

const { version, dependencies } = JSON.parse(await readFile('package.json', 'utf8'))

await rm('dist', { recursive: true, force: true })
await build({
  entryPoints: { cli: 'src/cli/main.ts', index: 'src/index.ts' },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.17',
  // cosmiconfig’s own TypeScript loader is never used: jiti loads configuration files.
  external: [...Object.keys(dependencies), 'typescript'],
  define: { __CE_DELTA_VERSION__: JSON.stringify(version) },
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module';const require=__createRequire(import.meta.url);",
  },
  chunkNames: 'chunks/[name]-[hash]',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'linked',
  logLevel: 'warning',
})
// For editors and programs, at a place that does not change.
await copyFile('src/config/schema.json', 'dist/schema.json')
await copyFile('src/report/events.schema.json', 'dist/events.schema.json')
await chmod('dist/cli.js', 0o755)
