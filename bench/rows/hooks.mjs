import { appendFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { runCommand, secondsOf, sideBySide, summary } from '../measure.mjs'
import { compared, valued } from '../results.mjs'

/** A median of fewer says nothing about a few milliseconds. */
const FEWEST_RUNS = 50
const MOST_LONGER = 0.005
const COMMITS = 100

/** What git waits for, with the hook and without it; what the hook starts is awaited before the next one is measured. */
export async function hooks(bench) {
  const pair = {
    hooked: await Clone.make(bench, 'hooked', true),
    plain: await Clone.make(bench, 'plain', false),
    // What git itself takes to run a hook, whatever is in it.
    empty: await Clone.make(bench, 'empty', false),
  }
  await writeFile(join(pair.empty.root, '.git/hooks/post-commit'), '#!/bin/sh\nexit 0\n', { mode: 0o755 })
  try {
    return [
      await commits(pair, bench, '`git commit`', ['git', 'commit', '--quiet', '--all', '--message=more'], {}),
      await pipedToNobody(pair, bench),
      ...(await rebases(pair, bench)),
    ]
  } finally {
    for (const clone of Object.values(pair)) await rm(clone.root, { recursive: true, force: true })
  }
}

async function commits({ hooked, plain }, { runs }, what, argv, env) {
  const committing = (clone) => ({
    before: async (round) => await appendFile(join(clone.root, 'a.txt'), `${round}\n`),
    run: async () => await clone.run(argv, env),
    after: async () => await clone.settled(),
  })
  const samples = await sideBySide(
    { hooked: committing(hooked), plain: committing(plain) },
    { runs: Math.max(runs, FEWEST_RUNS), warmUp: true },
  )
  const [ours, base] = [secondsOf(samples.hooked), secondsOf(samples.plain)]
  // Both of a round were measured right after one another.
  const longer = ours.map((seconds, round) => seconds - base[round])
  return valued({
    what: `${what} with the hook, longer than without`,
    target: '≤ 5 ms, median of 50',
    values: longer.map((seconds) => seconds * 1000),
    unit: 'ms',
    pass: summary(longer).median <= MOST_LONGER,
    detail: `medians ${(summary(ours).median * 1000).toFixed(1)} ms : ${(summary(base).median * 1000).toFixed(1)} ms`,
    numbers: { ours, base },
  })
}

/** The receiver takes the connection, and says nothing; whoever inherited the pipe would keep `cat` waiting. */
async function pipedToNobody(pair, bench) {
  const server = createServer((socket) => socket.on('error', () => undefined))
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const env = {
    CE_DELTA_ENDPOINT: `http://127.0.0.1:${server.address().port}`,
    CE_DELTA_TIMEOUT: '0.3',
    CE_DELTA_MAX_RETRIES: '0',
  }
  const argv = ['sh', '-c', 'git commit --quiet --all --message=more | cat']
  try {
    return await commits(pair, bench, '`git commit \\| cat`, dead receiver,', argv, env)
  } finally {
    server.close()
  }
}

async function rebases({ hooked, plain, empty }, { runs }) {
  const deliveries = []
  const rebasing = (clone) => ({
    before: async () => await clone.prepareRebase(),
    run: async () => await clone.run(['git', 'rebase', '--quiet', 'onto']),
    after: async () => {
      await clone.settled()
      if (clone.isHooked) deliveries.push(await clone.deliveries())
    },
  })
  for (const clone of [hooked, plain, empty]) await clone.makeBranches(COMMITS)
  const samples = await sideBySide(
    { hooked: rebasing(hooked), plain: rebasing(plain), empty: rebasing(empty) },
    { runs, warmUp: true },
  )
  return [
    compared({
      what: `rebase of ${COMMITS} commits with the hook`,
      target: '≤ 1.5 × without',
      ours: secondsOf(samples.hooked),
      base: secondsOf(samples.plain),
      limit: (base) => 1.5 * base,
    }),
    compared({
      what: `the same, beside a hook that only says \`exit 0\``,
      target: '',
      ours: secondsOf(samples.hooked),
      base: secondsOf(samples.empty),
    }),
    valued({
      what: 'deltas delivered by that rebase',
      target: 'exactly 1',
      values: deliveries,
      unit: '',
      pass: deliveries.every((count) => count === 1),
    }),
  ]
}

/** A repository of a few files, with the hook or without it. */
class Clone {
  constructor(bench, root, isHooked) {
    Object.assign(this, { ...bench, root, isHooked, before: 0 })
  }

  static async make(bench, name, isHooked) {
    const clone = new Clone(bench, join(bench.scratch, name), isHooked)
    await mkdir(clone.root)
    for (let file = 0; file < 20; file++) await writeFile(join(clone.root, `file-${file}`), `${file}\n`)
    await writeFile(join(clone.root, 'a.txt'), 'a\n')
    await clone.git('init', '--quiet', '--initial-branch=main')
    await clone.git('add', '--all')
    await clone.git('commit', '--quiet', '--message=first')
    if (isHooked) await bench.ceDelta.run(['hook', 'install', '-C', clone.root])
    await bench.ceDelta.pushAndSettle(clone.root, ['--local'])
    return clone
  }

  async run(argv, env = {}) {
    return await runCommand(argv, { cwd: this.root, env: { ...this.env, ...env } })
  }

  async git(...args) {
    return await this.run(['git', ...args], { CE_DELTA: '0' })
  }

  async makeBranches(count) {
    await this.git('checkout', '--quiet', '-b', 'series')
    for (let commit = 0; commit < count; commit++) {
      await writeFile(join(this.root, `commit-${commit}`), `${commit}\n`)
      await this.git('add', '--all')
      await this.git('commit', '--quiet', `--message=${commit}`)
    }
    await this.git('checkout', '--quiet', '-b', 'onto', 'main')
    await writeFile(join(this.root, 'onto'), 'onto\n')
    await this.git('add', '--all')
    await this.git('commit', '--quiet', '--message=onto')
  }

  async prepareRebase() {
    await this.git('checkout', '--quiet', '-B', 'rebased', 'series')
    if (!this.isHooked) return
    await this.ceDelta.pushAndSettle(this.root, ['--local'])
    this.before = await this.sequence()
  }

  async deliveries() {
    return (await this.sequence()) - this.before
  }

  async sequence() {
    const { stdout } = await this.ceDelta.run(['status', '-C', this.root, '--json', '--local'])
    return JSON.parse(stdout).there.sequence
  }

  /** Until nothing works in the background any more. */
  async settled() {
    if (!this.isHooked) return
    const folder = join(this.root, '.git', 'ce-delta', 'hook')
    for (;;) {
      const names = await readdir(folder)
      if (!['runner', 'run.lock', 'dirty'].some((name) => names.includes(name))) return
      await sleep(20)
    }
  }
}
