import { once } from 'node:events'
import { openAsBlob } from 'node:fs'
import { rm } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { json } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { writeCreations } from '../bundle.mjs'
import { secondsOf, sideBySide, summary } from '../measure.mjs'
import { valued } from '../results.mjs'

const FULL_SIZES = [10_000, 50_000, 250_000]
const SMALL_TREE = 50_000
const FEWEST_A_SECOND = 10_000
const WORKSPACE = '/bench/operations'

/** On one line: no size may be slower, for each operation, than another by more than this. */
const LINEAR = 1.25

export async function operations({ ceDelta, scratch, runs, files }) {
  // A small tree means that somebody only tries the bench out.
  const sizes = files >= SMALL_TREE ? FULL_SIZES : FULL_SIZES.map((size) => size / 10)
  const bundles = sizes.map((size) => ({ size, path: join(scratch, `operations-${size}.tar.gz`) }))
  try {
    for (const { size, path } of bundles) await writeCreations(path, WORKSPACE, size)
    const candidates = Object.fromEntries(bundles.map(({ size, path }) => [size, upload(ceDelta, path, size)]))
    return resultsOf(sizes, await sideBySide(candidates, { runs }))
  } finally {
    for (const { path } of bundles) await rm(path, { force: true })
  }
}

/** One bundle to a receiver that has nothing; the time is the client's, from the request to the answer. */
function upload(ceDelta, path, size) {
  let server = null
  return {
    async before() {
      server = await ceDelta.serve()
    },
    async run() {
      const form = new FormData()
      form.set('bundle', await openAsBlob(path), 'bundle.tar.gz')
      form.set('workspace_path', WORKSPACE)
      const started = performance.now()
      const answer = await post(`${server.url}/api/v1/delta/upload`, form)
      const seconds = (performance.now() - started) / 1000
      if (answer.processed_operations?.created !== size) throw new Error(JSON.stringify(answer.error))
      return { seconds, peak: server.peak() }
    },
    after: async () => await server.stop(),
  }
}

/** Waits as long as it takes: `fetch` gives up after five minutes without an answer. */
async function post(url, form) {
  const encoded = new Response(form)
  const sending = request(url, { method: 'POST', headers: { 'content-type': encoded.headers.get('content-type') } })
  const answered = once(sending, 'response')
  const [[response]] = await Promise.all([answered, pipeline(Readable.fromWeb(encoded.body), sending)])
  return await json(response)
}

function resultsOf(sizes, samples) {
  const rates = sizes.map((size) => secondsOf(samples[size]).map((seconds) => size / seconds))
  const each = sizes.map((size, index) => rateResult(size, rates[index], samples[size], index === 1))
  return [...each, linearity(sizes, rates)]
}

function rateResult(size, values, samples, hasTarget) {
  return valued({
    what: `serve: one bundle of ${size} operations`,
    target: hasTarget ? `≥ ${FEWEST_A_SECOND} operations a second` : '',
    values,
    unit: 'a second',
    pass: hasTarget ? summary(values).median >= FEWEST_A_SECOND : null,
    detail: `peak of serve: ${Math.round(Math.max(...samples.map(({ peak }) => peak)) / 1e6)} MB`,
  })
}

/** The seconds for each operation of the largest bundle, as a multiple of the others'. */
function linearity(sizes, rates) {
  const largest = summary(rates.at(-1)).median
  const values = rates.slice(0, -1).map((rate) => summary(rate).median / largest)
  const what = `serve: an operation of ${sizes.at(-1)} against one of fewer`
  return valued({ what, target: `linear: ≤ ${LINEAR} ×`, values, unit: '×', pass: Math.max(...values) <= LINEAR })
}
