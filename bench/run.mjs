// Measures ce-delta beside what a user would take instead, on the same tree in the same run. See README.md.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { CeDelta } from './ce-delta.mjs'
import { Competitors, versionOf } from './competitors.mjs'
import { isolatedEnvironment } from './environment.mjs'
import { failed, renderTable } from './results.mjs'
import { ROWS } from './rows/index.mjs'
import { Trees } from './trees.mjs'

const HELP = `npm run bench -- [options]
  --only <row>         one row, may be given several times: ${Object.keys(ROWS).join(', ')}
  --runs <n>           how often each candidate is measured (5)
  --files <n>          how many files the tree of packages has at least (50000)
  --tree <folder>      a copy of this tree instead of npm packages
  --million            also a tree of 1,000,000 files
  --million-files <n>  … of so many
  --work <folder>      where the trees are kept for the next time
  --json <file>        all numbers
`

const options = readOptions()
const note = (text) => process.stderr.write(`${text}\n`)
const work = resolve(options.work ?? join(tmpdir(), 'ce-delta-bench'))
await mkdir(work, { recursive: true })
const scratch = await mkdtemp(join(work, 'scratch-'))
const env = isolatedEnvironment(scratch)
await mkdir(env.HOME)
const ceDelta = new CeDelta(scratch, env)
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void cleanUp().then(() => process.exit(130)))
try {
  await measureAll()
} finally {
  await cleanUp()
}

async function measureAll() {
  const machine = await describeMachine()
  const bench = benchOf(machine)
  const results = []
  for (const [name, row] of Object.entries(ROWS)) {
    if (options.only.length > 0 && !options.only.includes(name)) continue
    note(`measuring ${name}`)
    const measured = await attempt(name, row, bench)
    // Some rows take long; nobody has to wait for the last one to see the first.
    note(renderTable(measured))
    results.push(...measured)
  }
  process.stdout.write(`${Object.entries(machine).map(renderFact).join('\n')}\n\n${renderTable(results)}\n`)
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify({ machine, results }, null, 2)}\n`)
}

function benchOf({ rsync, restic }) {
  const { runs, files, million, tree } = options
  const trees = new Trees({ work, files, million, tree, env, ceDelta, note })
  const competitors = new Competitors(scratch, env, { rsync, restic })
  return { ceDelta, competitors, trees, env, scratch, runs, files, million }
}

/** A row that fails does not take the others with it. */
async function attempt(name, row, bench) {
  try {
    return await row(bench)
  } catch (thrown) {
    process.exitCode = 1
    note(`  ${thrown.stack}`)
    return [failed(name, 'see above')]
  }
}

async function describeMachine() {
  return {
    cores: availableParallelism(),
    runs: options.runs,
    node: process.version,
    git: await versionOf(['git', '--version']),
    tar: await versionOf(['tar', '--version']),
    gzip: await versionOf(['gzip', '--version']),
    rsync: await versionOf(['rsync', '--version']),
    restic: await versionOf(['restic', 'version']),
  }
}

function renderFact([name, value]) {
  return `${name.padEnd(7)}${value ?? 'not installed; its rows are skipped'}`
}

async function cleanUp() {
  await ceDelta.stopAll()
  await rm(scratch, { recursive: true, force: true })
}

function readOptions() {
  const text = { type: 'string' }
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true, default: [] },
      runs: { type: 'string', default: '5' },
      files: { type: 'string', default: '50000' },
      'million-files': text,
      million: { type: 'boolean', default: false },
      tree: text,
      work: text,
      json: text,
      help: { type: 'boolean', default: false },
    },
  })
  const unknown = values.only.find((name) => !(name in ROWS))
  if (values.help || unknown !== undefined) {
    process.stdout.write(unknown === undefined ? HELP : `There is no row ${unknown}.\n${HELP}`)
    process.exit(unknown === undefined ? 0 : 2)
  }
  const million = values['million-files'] ?? (values.million ? '1000000' : null)
  return { ...values, runs: count(values.runs), files: count(values.files), million: million && count(million) }
}

function count(text) {
  const number = Number(text)
  if (Number.isSafeInteger(number) && number > 0) return number
  process.stderr.write(`${text} is not a whole number above 0\n`)
  process.exit(2)
}
