import { appendFile, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { makePrivateDirectory, readTextIfPresent, writeFileDurably } from '../support/durable-files.js'
import { systemErrorCode } from '../support/errors.js'
import { asFields, parseJson } from '../support/json.js'
import { rotateLog } from '../support/log-file.js'
import { printable } from '../support/text.js'
import type { ReportedError } from './report.js'

/** The push in the background that failed last, until one is done. */
export interface BackgroundFailure {
  readonly at: string
  readonly code: string
  readonly message: string
  readonly next: string | null
}

/** One push in the background. */
export interface BackgroundRun {
  readonly at: string
  readonly hook: string
  readonly outcome: string
  readonly duration_ms: number
}

/** What is remembered of pushes in the background, in the state of a workspace. The hooks' shim knows these names too. */
export interface BackgroundPlace {
  readonly directory: string
  /** There is something to look at. */
  readonly dirty: string
  /** The number of the process that works: a hint for the shim; the lock decides. */
  readonly runner: string
  readonly lock: string
  /** One line that the shim prints once. */
  readonly notice: string
  readonly failure: string
  readonly runs: string
  readonly log: string
}

export function backgroundPlace(stateDirectory: string): BackgroundPlace {
  const directory = join(stateDirectory, 'hook')
  const file = (name: string): string => join(directory, name)
  return {
    directory,
    dirty: file('dirty'),
    runner: file('runner'),
    lock: file('run.lock'),
    notice: file('notice'),
    failure: file('failure.json'),
    runs: file('runs'),
    log: file('log'),
  }
}

export async function readBackgroundFailure(stateDirectory: string): Promise<BackgroundFailure | null> {
  const fields = asFields(parseJson((await readTextIfPresent(backgroundPlace(stateDirectory).failure)) ?? ''))
  if (typeof fields?.at !== 'string' || typeof fields.code !== 'string' || typeof fields.message !== 'string')
    return null
  return {
    at: fields.at,
    code: fields.code,
    message: fields.message,
    next: typeof fields.next === 'string' ? fields.next : null,
  }
}

/** Told at the next commit, once: the same failure again, as of a server that is down for hours, is not told again. */
export async function recordBackgroundFailure(stateDirectory: string, error: ReportedError, at: string): Promise<void> {
  const place = backgroundPlace(stateDirectory)
  const last = await readBackgroundFailure(stateDirectory)
  const { code, message, next } = error
  await makePrivateDirectory(dirname(place.failure))
  await writeFileDurably(place.failure, `${JSON.stringify({ at, code, message, next })}\n`)
  if (last?.code === code) return
  const line = printable(`the last push in the background failed: ${message}${next === null ? '' : ` ${next}`}`)
  await writeFileDurably(place.notice, `${line}\n`)
}

/** After a push that was done, by whomever: the failure before it is of no interest any more. */
export async function forgetBackgroundFailure(stateDirectory: string): Promise<void> {
  const { failure, notice } = backgroundPlace(stateDirectory)
  await rm(failure, { force: true })
  await rm(notice, { force: true })
}

const MOST_RUNS_BYTES = 64 * 1024
const MOST_LOG_BYTES = 256 * 1024

export async function recordBackgroundRun(stateDirectory: string, run: BackgroundRun): Promise<void> {
  const { runs } = backgroundPlace(stateDirectory)
  await appendFile(runs, `${JSON.stringify(run)}\n`, { mode: 0o600 })
  if ((await sizeOf(runs)) <= MOST_RUNS_BYTES) return
  const lines = ((await readTextIfPresent(runs)) ?? '').split('\n')
  await writeFileDurably(runs, lines.slice(lines.length >> 1).join('\n'))
}

export async function readBackgroundRuns(stateDirectory: string): Promise<BackgroundRun[]> {
  const text = (await readTextIfPresent(backgroundPlace(stateDirectory).runs)) ?? ''
  return text.split('\n').flatMap((line) => parseRun(line) ?? [])
}

function parseRun(line: string): BackgroundRun | null {
  const fields = asFields(parseJson(line))
  const { at, hook, outcome, duration_ms } = fields ?? {}
  if (typeof at !== 'string' || typeof hook !== 'string' || typeof outcome !== 'string') return null
  return typeof duration_ms === 'number' ? { at, hook, outcome, duration_ms } : null
}

export function rotateBackgroundLog(stateDirectory: string): void {
  rotateLog(backgroundPlace(stateDirectory).log, MOST_LOG_BYTES)
}

export async function markDirty(stateDirectory: string): Promise<void> {
  const { directory, dirty } = backgroundPlace(stateDirectory)
  await makePrivateDirectory(directory)
  await writeFile(dirty, '')
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (thrown) {
    if (systemErrorCode(thrown) === 'ENOENT') return 0
    throw thrown
  }
}
