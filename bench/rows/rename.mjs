import { cp, mkdtemp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { membersOf } from '../bundle.mjs'
import { GitTree } from '../git-tree.mjs'
import { startRecorder } from '../recorder.mjs'
import { valued } from '../results.mjs'

const FILES = 1000
const MOST_BYTES = 64

/** The number of bytes is the same each time, so it is measured once. */
export async function renamedFolder({ ceDelta, trees, scratch, env }) {
  const root = await mkdtemp(join(scratch, 'rename-'))
  const server = await ceDelta.serve()
  const recorder = await startRecorder(server.url)
  try {
    const files = await fillFolder(await trees.packages(), join(root, 'before'))
    await new GitTree(root, env).init()
    await ceDelta.push(root, recorder.endpoint)
    recorder.bundles.length = 0
    await rename(join(root, 'before'), join(root, 'after'))
    const { report } = await ceDelta.push(root, recorder.endpoint)
    if (report.operations.moved !== files) throw new Error(`${report.operations.moved} of ${files} files were moved`)
    return resultsOf(recorder.bundles, files)
  } finally {
    await ceDelta.settle(root)
    recorder.stop()
    await server.stop()
    // What a push leaves to the background may still be writing.
    await rm(root, { recursive: true, force: true, maxRetries: 10 })
  }
}

async function fillFolder(tree, folder) {
  const paths = (await tree.paths()).slice(0, FILES)
  for (const path of paths) await cp(join(tree.root, path), join(folder, path))
  return paths.length
}

function resultsOf(bundles, files) {
  const total = sum(bundles.map(({ length }) => length))
  const metadata = sum(bundles.map(metadataBytes))
  const content = Math.max(0, total - metadata) / files
  const what = `a folder of ${files} files renamed`
  return [
    valued({
      what: `${what}: content sent`,
      target: `≤ ${MOST_BYTES} bytes a file`,
      values: [content],
      unit: 'bytes a file',
      pass: content <= MOST_BYTES,
      numbers: { total, metadata },
    }),
    valued({ what: `${what}: all that was sent`, target: '', values: [total / files], unit: 'bytes a file' }),
  ]
}

/** What a bundle would take without its contents. */
function metadataBytes(bundle) {
  const tar = gunzipSync(bundle)
  const kept = [...membersOf(tar)].filter(({ name }) => !name.startsWith('files/'))
  return gzipSync(Buffer.concat(kept.map(({ start, end }) => tar.subarray(start, end)))).length
}

function sum(values) {
  return values.reduce((total, value) => total + value, 0)
}
