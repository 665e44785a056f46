import { secondsOf, sideBySide } from '../measure.mjs'
import { valued } from '../results.mjs'

const WORKSPACES = 16

/** First pushes of parts of the tree to one receiver: one of them alone, and all at once. */
export async function workspaces({ ceDelta, trees, runs }) {
  const slices = []
  for (let index = 0; index < WORKSPACES; index++) slices.push(await trees.slice(index, WORKSPACES))
  try {
    const candidates = { one: pushTogether(ceDelta, slices.slice(0, 1)), all: pushTogether(ceDelta, slices) }
    return [resultOf(slices, await sideBySide(candidates, { runs }))]
  } finally {
    for (const { root } of slices) await ceDelta.forget(root)
  }
}

/** Fails where one of the pushes fails or is not proven. */
function pushTogether(ceDelta, slices) {
  let server = null
  return {
    async before() {
      for (const { root } of slices) await ceDelta.forget(root)
      server = await ceDelta.serve()
    },
    async run() {
      const started = performance.now()
      await Promise.all(slices.map(async ({ root }) => await ceDelta.push(root, server.endpoint)))
      return { seconds: (performance.now() - started) / 1000 }
    },
    async after() {
      for (const { root } of slices) await ceDelta.settle(root)
      await server.stop()
    },
  }
}

function resultOf(slices, samples) {
  const [files] = slices.map(({ count }) => count)
  const total = slices.reduce((sum, { count }) => sum + count, 0)
  const one = secondsOf(samples.one).map((seconds) => files / seconds)
  const all = secondsOf(samples.all).map((seconds) => total / seconds)
  const values = all.map((rate, index) => rate / one[index])
  return valued({
    what: `serve: ${WORKSPACES} workspaces of ${files} files pushing at once`,
    target: 'no failure, ≥ the throughput of one',
    values,
    unit: '×',
    pass: values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] >= 1,
    detail: `${Math.round(all[0])} : ${Math.round(one[0])} files a second`,
    numbers: { one, all },
  })
}
