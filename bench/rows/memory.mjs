import { summary } from '../measure.mjs'
import { megabytes, valued } from '../results.mjs'

const MOST = 150e6

/** "No more on twice the size", with room for what differs from run to run. */
const SAME = 1.1

export async function memory(bench) {
  const once = await measure(bench, await bench.trees.packages())
  const twice = await measure(bench, await bench.trees.twice())
  return ['push', 'serve'].flatMap((end) => resultsOf(end, once, twice))
}

/** Peaks of both ends at a first push: of their own process, and of the largest git process below it. */
async function measure({ ceDelta, runs }, tree) {
  const samples = []
  for (let round = 0; round < runs; round++) {
    await ceDelta.forget(tree.root)
    const server = await ceDelta.serve()
    try {
      const watch = server.watch()
      const { programs } = await ceDelta.push(tree.root, server.endpoint, { memory: true })
      const below = watch.stop()
      samples.push({
        push: { own: programs.node ?? 0, git: programs.git ?? 0 },
        serve: { own: server.peak(), git: below.git ?? 0 },
      })
    } finally {
      await server.stop()
    }
  }
  return { files: tree.count, samples }
}

function resultsOf(end, once, twice) {
  const small = peaksOf(end, once)
  const large = peaksOf(end, twice)
  const grown = summary(large.own).median / summary(small.own).median
  return [
    resultOf(`peak memory of ${end}, ${once.files} files`, '≤ 150 MB', small, true),
    resultOf(`peak memory of ${end}, ${twice.files} files`, `≤ 150 MB, ≤ ${SAME} × of that`, large, grown <= SAME),
  ]
}

function peaksOf(end, { samples }) {
  return { own: samples.map((sample) => sample[end].own), git: samples.map((sample) => sample[end].git) }
}

function resultOf(what, target, { own, git }, isSame) {
  const detail = `largest git process: ${Math.round(megabytes(Math.max(...git)))} MB`
  const pass = Math.max(...own) <= MOST && isSame
  return valued({ what, target, values: own.map(megabytes), unit: 'MB', pass, detail, numbers: { own, git } })
}
