// A real history: published versions of a long-lived package, each unpacked over the last, pushed into `ce-delta serve`
// and compared after every push. Run by `npm run test:real`; it needs the npm registry that npm is configured for.
//
//     node test/real/replay-history.mjs [package] [number of versions]
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, realpath, rm } from 'node:fs/promises'
import { devNull, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))
const NEUTRAL = /^(CE_DELTA_|REMOTE_UPLOAD_|GIT_|XDG_|NODE_OPTIONS$)/
const [, , name = 'eslint', wanted = '12'] = process.argv

const scene = await realpath(await mkdtemp(join(tmpdir(), 'ce-delta-real-')))
const home = join(scene, 'home')
const root = join(scene, 'work')
const own = Object.fromEntries(Object.entries(process.env).filter(([key]) => !NEUTRAL.test(key)))
const env = { ...own, HOME: home, GIT_CONFIG_GLOBAL: devNull, GIT_CONFIG_NOSYSTEM: '1' }

let [passed, failed] = [0, 0]
let server = null
try {
  for (const folder of [home, root, join(scene, 'packed')]) await mkdir(folder)
  await run('git', ['init', '--quiet', root], { env })
  server = await startServer()
  for (const version of await chosenVersions()) {
    await unpack(version)
    const problem = await pushAndCompare(server.url, version)
    if (problem === null) passed++
    else failed++
  }
} finally {
  if (server !== null) await stop(server.child)
  await rm(scene, { recursive: true, force: true, maxRetries: 5 })
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1

/** Evenly spread over the history, the first and the last included; without those that were not meant for everybody. */
async function chosenVersions() {
  const { stdout } = await run('npm', ['view', name, 'versions', '--json'], { maxBuffer: 1 << 26 })
  const versions = JSON.parse(stdout).filter((version) => /^\d+\.\d+\.\d+$/.test(version))
  const number = Math.min(Number(wanted), versions.length)
  return Array.from(
    { length: number },
    (_, at) => versions[Math.round((at * (versions.length - 1)) / (number - 1 || 1))],
  )
}

/** The work tree becomes exactly what was published: what is gone is deleted. */
async function unpack(version) {
  const packed = join(scene, 'packed')
  const { stdout } = await run('npm', ['pack', `${name}@${version}`, '--silent', '--pack-destination', packed])
  for (const entry of await readdir(root)) if (entry !== '.git') await rm(join(root, entry), { recursive: true })
  const archive = join(packed, stdout.trim().split('\n').at(-1))
  await run('tar', ['-xzf', archive, '-C', root, '--strip-components=1', '--no-same-owner', '--mode=u+rwX'])
  await rm(archive)
}

async function pushAndCompare(url, version) {
  const started = performance.now()
  const result = await push(url)
  const time = Math.round(performance.now() - started)
  const problem = await problemOf(url, result)
  const { created = 0, updated = 0, deleted = 0, moved = 0 } = result?.operations ?? {}
  const counts = `${created} created, ${updated} updated, ${deleted} deleted, ${moved} moved, ${result?.skipped.length} left out`
  console.log(
    `${problem === null ? 'ok  ' : 'FAIL'} ${name}@${version}: ${counts}, ${time} ms${problem === null ? '' : `: ${problem}`}`,
  )
  return problem
}

async function push(url) {
  const command = [CLI, 'push', '--json']
  const options = { cwd: root, env: { ...env, CE_DELTA_ENDPOINT: url }, maxBuffer: 1 << 28 }
  const { stdout } = await run(process.execPath, command, options).catch((failure) => failure)
  const last = stdout.trimEnd().split('\n').at(-1)
  return last === '' ? null : JSON.parse(last)
}

/** What is wrong after a push, or null: both trees, the mirror file by file, and that there is nothing left to send. */
async function problemOf(url, report) {
  if (report?.outcome !== 'confirmed') return `the outcome is ${report?.outcome}: ${report?.error?.message}`
  if (report.tree !== report.receiver_tree) return `tree ${report.tree} here, ${report.receiver_tree} there`
  const leftOut = new Set([...report.skipped.map(({ path }) => path), ...(await ignoredFiles())])
  const here = new Map(
    [...(await filesBelow(root))].filter(([path]) => !path.startsWith('.git/') && !leftOut.has(path)),
  )
  const there = await filesBelow(report.mirror)
  for (const path of new Set([...here.keys(), ...there.keys()])) {
    if (!here.has(path)) return `${path} is only in the mirror`
    if (!there.has(path)) return `${path} is only in the work tree`
    if (!here.get(path).equals(there.get(path))) return `${path} differs`
  }
  const again = await push(url)
  return again?.outcome === 'unchanged' ? null : `the next push says ${again?.outcome}`
}

/** Old packages brought their ignore files along, and those count. */
async function ignoredFiles() {
  const list = ['-C', root, 'ls-files', '--others', '--ignored', '--exclude-standard', '-z']
  const { stdout } = await run('git', list, { env, maxBuffer: 1 << 26 })
  return stdout.split('\0')
}

async function filesBelow(folder) {
  const files = new Map()
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = join(entry.parentPath, entry.name)
    files.set(file.slice(folder.length + 1), await readFile(file))
  }
  return files
}

async function startServer() {
  const data = join(scene, 'data')
  const command = [CLI, 'serve', '--json', '--port', '0', '--data', data, '--mirror', join(scene, 'mirror')]
  const child = spawn(process.execPath, command, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })
  const [line] = await once(lines, 'line')
  lines.resume()
  return { child, url: JSON.parse(line).url }
}

async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return
  const closed = once(child, 'close')
  child.kill('SIGTERM')
  await closed
}
