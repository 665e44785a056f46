import { closedEndpoint } from '../ce-delta.mjs'
import { secondsOf, sideBySide } from '../measure.mjs'
import { compared, megabytes, skipped } from '../results.mjs'

const TAR = '`tar c` and `gzip -6`'

/** To an address where nothing listens: everything is read, packed and written into the outbox, and nothing is sent. */
export async function firstBundles({ ceDelta, competitors, trees, runs }) {
  const tree = await trees.packages()
  const to = ['--endpoint', await closedEndpoint()]
  const options = { outcomes: ['queued'], expect: [4], env: { CE_DELTA_MAX_RETRIES: '0' } }
  const ours = {
    before: async () => await ceDelta.forget(tree.root),
    run: async () => await ceDelta.push(tree.root, to, options),
  }
  try {
    const samples = await sideBySide({ ours, tar: competitors.tarGzip(tree) }, { runs })
    return [bundlesResult(tree, samples)]
  } finally {
    await ceDelta.forget(tree.root)
  }
}

function bundlesResult(tree, samples) {
  const bytes = samples.ours[0].report.bundles.reduce((sum, bundle) => sum + bundle.bytes, 0)
  const result = compared({
    what: `first push, ${tree.count} files: bundles written`,
    target: `≤ 1.2 × ${TAR}`,
    ours: secondsOf(samples.ours),
    base: secondsOf(samples.tar),
    limit: (base) => 1.2 * base,
  })
  return { ...result, detail: `${result.detail}, ${megabytes(bytes).toFixed(1)} MB` }
}

/** To a receiver that has nothing yet; the command ends when content and mirror are proven. */
export async function firstProven({ ceDelta, competitors, trees, runs }) {
  const tree = await trees.packages()
  let server = null
  const ours = {
    async before() {
      await ceDelta.forget(tree.root)
      server = await ceDelta.serve()
    },
    run: async () => await ceDelta.push(tree.root, server.endpoint),
    async after() {
      await ceDelta.settle(tree.root)
      await server.stop()
    },
  }
  const restic = competitors.resticFirst(tree)
  const candidates = { ours, tar: competitors.tarGzip(tree), ...(restic === null ? {} : { restic }) }
  return provenResults(tree, await sideBySide(candidates, { runs }))
}

function provenResults(tree, samples) {
  const what = `first push, ${tree.count} files: proven by \`serve\` with a mirror`
  const [ours, tar] = [secondsOf(samples.ours), secondsOf(samples.tar)]
  const first = compared({ what, target: `≤ 3 × ${TAR}`, ours, base: tar, limit: (base) => 3 * base })
  if (samples.restic === undefined) return [first, skipped(what, 'restic is not installed')]
  const base = secondsOf(samples.restic)
  return [first, compared({ what, target: 'faster than `restic backup`', ours, base, limit: (other) => other })]
}
