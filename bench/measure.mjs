import { spawn } from 'node:child_process'
import { access, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { watchMemory } from './memory.mjs'

const TIME = '/usr/bin/time'
let timeFiles = 0

/** @typedef {{ median: number, min: number, max: number }} Summary */

/**
 * Runs a command to its end. Its wall time is that of the whole process. With `memory` also the peak of the largest
 * process of it and its descendants, by `/usr/bin/time` where that is there, and of each program by watching /proc.
 * Throws where it ends with an exit code that is not in `expect`.
 */
export async function runCommand(argv, { cwd, env, expect = [0], memory = false } = {}) {
  const timed = memory && (await exists(TIME))
  const timeFile = join(tmpdir(), `ce-delta-bench-${process.pid}-${timeFiles++}`)
  const [program, ...args] = timed ? [TIME, '-f', '%M', '-o', timeFile, ...argv] : argv
  const started = performance.now()
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const watch = memory ? watchMemory(child.pid) : null
  const [stdout, stderr, exitCode] = await Promise.all([textOf(child.stdout), textOf(child.stderr), exitOf(child)])
  const seconds = (performance.now() - started) / 1000
  const programs = watch === null ? {} : watch.stop()
  const peak = timed ? await readPeak(timeFile) : Math.max(0, ...Object.values(programs))
  if (!expect.includes(exitCode)) throw new Error(`${argv.join(' ')} ended with ${exitCode}: ${stderr.slice(-2000)}`)
  return { seconds, exitCode, stdout, peak, programs }
}

/**
 * Measures candidates in turn, in the opposite order every second round, so that a machine that gets slower or faster
 * does not favour one of them. A candidate is `{ before, run, after }`; only what `run` says of itself is counted.
 * `warmUp` adds a first round that is thrown away.
 */
export async function sideBySide(candidates, { runs, warmUp = false }) {
  const names = Object.keys(candidates)
  const samples = Object.fromEntries(names.map((name) => [name, []]))
  for (let round = warmUp ? -1 : 0; round < runs; round++) {
    const order = round % 2 === 0 ? names : names.toReversed()
    for (const name of order) {
      const sample = await once(candidates[name], round)
      if (round >= 0) samples[name].push(sample)
    }
  }
  return samples
}

async function once({ before, run, after }, round) {
  await before?.(round)
  try {
    return await run(round)
  } finally {
    await after?.(round)
  }
}

/** @returns {Summary} */
export function summary(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  const median = (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2
  return { median, min: sorted[0], max: sorted.at(-1) }
}

export function secondsOf(samples) {
  return samples.map(({ seconds }) => seconds)
}

/** A ratio for each round: both were measured right after one another. */
export function ratios(ours, base) {
  return ours.map((value, index) => value / base[index])
}

export async function exists(path) {
  try {
    await access(path)
    return true
  } catch {
    return false
  }
}

/** GNU time puts a line before the number where the command failed. */
async function readPeak(file) {
  const text = await readFile(file, 'utf8')
  await rm(file, { force: true })
  return Number(text.trim().split('\n').at(-1)) * 1024
}

async function textOf(stream) {
  const chunks = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

function exitOf(child) {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
}
