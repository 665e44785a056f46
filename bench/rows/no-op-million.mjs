import { secondsOf, sideBySide } from '../measure.mjs'
import { compared, megabytes, skipped, valued } from '../results.mjs'
import { noOpPush } from './no-op.mjs'

const MOST_MEMORY = 300e6

export async function noOpMillion({ ceDelta, competitors, trees, runs, million }) {
  if (million === null) return [skipped('no-op push, 1,000,000 files', 'asked for with --million')]
  const tree = await trees.many()
  const server = await ceDelta.serve()
  try {
    const push = await noOpPush(ceDelta, tree, server.endpoint)
    const samples = await sideBySide({ ours: push, git: competitors.gitStatus(tree) }, { runs, warmUp: true })
    const options = { outcomes: ['unchanged'], memory: true }
    const { peak, programs } = await ceDelta.push(tree.root, server.endpoint, options)
    const what = `no-op push, ${tree.count} files`
    return [compareTimes(what, samples), memoryOf(what, peak, programs)]
  } finally {
    await server.stop()
  }
}

function compareTimes(what, samples) {
  const [ours, base] = [secondsOf(samples.ours), secondsOf(samples.git)]
  return compared({ what, target: '≤ 1.5 × `git status`', ours, base, limit: (other) => 1.5 * other })
}

function memoryOf(what, peak, programs) {
  const values = [megabytes(peak)]
  const pass = peak <= MOST_MEMORY
  return valued({ what: `${what}: memory`, target: '≤ 300 MB', values, unit: 'MB', pass, numbers: { programs } })
}
