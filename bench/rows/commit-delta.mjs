import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand, secondsOf, sideBySide } from '../measure.mjs'
import { compared } from '../results.mjs'

const FILES_OF_A_COMMIT = 20
const PARTS = 16
const TARGET = '≤ 2 × `git diff-tree` + 150 ms'
const limit = (base) => 2 * base + 0.15

/** How much more a tree of 16 times the files may cost, where the cost shall not depend on it at all. */
const SAME = 1.25

export async function commitDelta(bench) {
  const server = await bench.ceDelta.serve()
  try {
    const [whole, part] = [await bench.trees.packages(), await bench.trees.slice(0, PARTS)]
    const everywhere = await measureNewCommits(bench, whole, server, spread(await whole.paths()))
    const changed = spread(await part.paths())
    const large = await measureNewCommits(bench, whole, server, changed)
    const small = await measureNewCommits(bench, part, server, changed)
    const real = await measureHistory(bench, await bench.trees.history(), server)
    return [...resultsOf(everywhere), independence(large, small), ...resultsOf(real)]
  } finally {
    await server.stop()
  }
}

/** The commit of each round is new, as it is in a hook or in CI: nobody can have seen it before. */
async function measureNewCommits(bench, tree, server, paths) {
  let turn = 0
  const nextPair = async () => {
    const from = (await tree.git('rev-parse', 'HEAD')).trim()
    turn++
    for (const path of paths) await appendFile(join(tree.root, path), `// ${turn}\n`)
    return { from, to: await tree.commitAll(`turn ${turn}`) }
  }
  try {
    return await measurePairs(bench, tree, server, nextPair)
  } finally {
    await tree.restore('bench-start')
  }
}

function spread(paths) {
  return paths.filter((_, index) => index % Math.ceil(paths.length / FILES_OF_A_COMMIT) === 0)
}

async function measureHistory(bench, tree, server) {
  const commits = (await tree.git('rev-list', '--reverse', 'bench-start')).trim().split('\n')
  const nextPair = async (round) => {
    const at = Math.max(0, round) % (commits.length - 1)
    return { from: commits[at], to: commits[at + 1] }
  }
  return await measurePairs(bench, tree, server, nextPair)
}

/** Before each run the receiver holds the older commit of a pair; what is measured is the way to the newer one. */
async function measurePairs({ ceDelta, runs, env }, tree, server, nextPair) {
  let pair = null
  const choose = async (round) => {
    pair = await nextPair(round)
  }
  const before = async (round) => {
    await choose(round)
    await ceDelta.pushAndSettle(tree.root, [...server.endpoint, '--commit', pair.from])
  }
  const push = async (extra, outcomes) =>
    await ceDelta.push(tree.root, [...server.endpoint, '--commit', pair.to, ...extra], { outcomes })
  const diffTree = async () => await runCommand(['git', 'diff-tree', '-r', pair.from, pair.to], { cwd: tree.root, env })
  const candidates = {
    delta: { before, run: async () => await push(['--dry-run'], ['dry-run']) },
    git: { before: choose, run: diffTree },
    proven: {
      before,
      run: async () => await push([], ['confirmed']),
      after: async () => await ceDelta.settle(tree.root),
    },
  }
  return { tree, samples: await sideBySide(candidates, { runs, warmUp: true }) }
}

function resultsOf({ tree, samples }) {
  const [delta, git, proven] = [samples.delta, samples.git, samples.proven].map(secondsOf)
  const what = `delta between two commits, ${tree.count} files (${tree.name})`
  return [
    compared({ what, target: TARGET, ours: delta, base: git, limit }),
    compared({ what: `${what}: proven by \`serve\``, target: '', ours: proven, base: git }),
  ]
}

function independence(large, small) {
  return compared({
    what: `the same delta between two commits, ${large.tree.count} files against ${small.tree.count}`,
    target: `independent: ≤ ${SAME} ×`,
    ours: secondsOf(large.samples.delta),
    base: secondsOf(small.samples.delta),
    limit: (base) => SAME * base,
  })
}
