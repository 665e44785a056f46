import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { secondsOf, sideBySide } from '../measure.mjs'
import { compared, megabytes, valued } from '../results.mjs'

const SETTLE = 0.3
const IDLE_SECONDS = 60
const MOST_IDLE = 0.5
const MOST_MEMORY = 150e6

export async function watch(bench) {
  const tree = await bench.trees.packages()
  const server = await bench.ceDelta.serve()
  try {
    await bench.ceDelta.pushAndSettle(tree.root, server.endpoint)
    const ready = await measureReady(bench, tree, server)
    const watching = await bench.ceDelta.watch(tree.root, server.endpoint)
    await watching.ready()
    const saved = await measureSaves(bench, tree, server, watching)
    const idle = await measureIdle(watching)
    const peak = watching.peak()
    await watching.stop()
    return resultsOf(tree.count, { ready, saved, idle, peak })
  } finally {
    await tree.restore('bench-start')
    await server.stop()
  }
}

/** From the start of the command until it is known that both ends are equal and every folder is watched. */
async function measureReady({ ceDelta, competitors, runs }, tree, server) {
  const start = async () => {
    const started = performance.now()
    const watching = await ceDelta.watch(tree.root, server.endpoint)
    await watching.ready()
    const seconds = (performance.now() - started) / 1000
    await watching.stop()
    return { seconds }
  }
  return await sideBySide({ ours: { run: start }, git: competitors.gitStatus(tree) }, { runs, warmUp: true })
}

/** A file is saved: until a running watch has the proof, and until a push that somebody starts at that moment has it. */
async function measureSaves({ ceDelta, runs }, tree, server, watching) {
  const path = join(tree.root, (await tree.paths())[Math.floor(tree.count / 2)])
  const control = async (request) => await ceDelta.run(['watch', '-C', tree.root, `--${request}`])
  const save = async (round) => await appendFile(path, `// ${round} ${performance.now()}\n`)
  const candidates = {
    watch: {
      run: async (round) => {
        watching.forget()
        const started = performance.now()
        await save(round)
        await watching.proven()
        return { seconds: (performance.now() - started) / 1000 }
      },
    },
    push: {
      before: async (round) => {
        await control('pause')
        await save(round)
      },
      run: async () => await ceDelta.push(tree.root, server.endpoint),
      after: async () => {
        await control('resume')
        await control('flush')
      },
    },
  }
  return await sideBySide(candidates, { runs: Math.max(runs, 9), warmUp: true })
}

/** The part of a core, in percent, that a watch takes while nothing happens. */
async function measureIdle(watching) {
  await sleep(2000)
  const before = watching.cpuSeconds()
  await sleep(IDLE_SECONDS * 1000)
  return ((watching.cpuSeconds() - before) / IDLE_SECONDS) * 100
}

function resultsOf(files, { ready, saved, idle, peak }) {
  const what = `watch, ${files} files`
  const [watched, pushed] = [secondsOf(saved.watch), secondsOf(saved.push)]
  const slowest = watched.toSorted((one, other) => one - other)[Math.ceil(watched.length * 0.95) - 1]
  return [
    compared({ what: `${what}: saved → proven, and a push instead`, target: '', ours: watched, base: pushed }),
    valued({
      what: `${what}: saved → proven, p95`,
      target: '≤ settle time (300 ms) + 250 ms',
      values: [slowest * 1000],
      unit: 'ms',
      pass: slowest <= SETTLE + 0.25,
    }),
    compared({
      what: `${what}: start → equal and watching`,
      target: '≤ 3 × `git status`',
      ours: secondsOf(ready.ours),
      base: secondsOf(ready.git),
      limit: (base) => 3 * base,
    }),
    valued({
      what: `${what}: a core while nothing happens, ${IDLE_SECONDS} s`,
      target: `≤ ${MOST_IDLE} %`,
      values: [idle],
      unit: '%',
      pass: idle <= MOST_IDLE,
    }),
    valued({
      what: `${what}: peak memory`,
      target: '≤ 150 MB',
      values: [megabytes(peak)],
      unit: 'MB',
      pass: peak <= MOST_MEMORY,
    }),
  ]
}
