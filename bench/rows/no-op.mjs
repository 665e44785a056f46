import { secondsOf, sideBySide } from '../measure.mjs'
import { compared, skipped } from '../results.mjs'

export async function noOp({ ceDelta, competitors, trees, runs }) {
  const tree = await trees.packages()
  const server = await ceDelta.serve()
  try {
    const candidates = {
      serve: await noOpPush(ceDelta, tree, server.endpoint),
      embedded: await noOpPush(ceDelta, tree, ['--local']),
      git: competitors.gitStatus(tree),
      rsync: await competitors.rsyncAgain(tree),
      restic: await competitors.resticAgain(tree),
    }
    const installed = Object.fromEntries(Object.entries(candidates).filter(([, candidate]) => candidate !== null))
    return resultsOf(await sideBySide(installed, { runs, warmUp: true }), tree.count)
  } finally {
    await server.stop()
  }
}

/** A push where everything has been pushed before. */
export async function noOpPush(ceDelta, tree, to, options = {}) {
  await ceDelta.pushAndSettle(tree.root, to)
  return { run: async () => await ceDelta.push(tree.root, to, { outcomes: ['unchanged'], ...options }) }
}

function resultsOf(samples, files) {
  const what = `no-op push, ${files} files`
  const git = secondsOf(samples.git)
  const target = '≤ 1.5 × `git status` + 100 ms'
  const limit = (base) => 1.5 * base + 0.1
  return [
    compared({ what: `${what}, to \`serve\``, target, ours: secondsOf(samples.serve), base: git, limit }),
    compared({ what: `${what}, embedded`, target, ours: secondsOf(samples.embedded), base: git, limit }),
    ...['rsync', 'restic'].map((tool) => faster(what, samples, tool)),
  ]
}

function faster(what, samples, tool) {
  if (samples[tool] === undefined) return skipped(`${what}, to \`serve\``, `${tool} is not installed`)
  const target = `faster than \`${tool === 'rsync' ? 'rsync -a' : 'restic backup'}\``
  const [ours, base] = [secondsOf(samples.serve), secondsOf(samples[tool])]
  return compared({ what: `${what}, to \`serve\``, target, ours, base, limit: (other) => other })
}
