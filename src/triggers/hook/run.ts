import { existsSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type BackgroundPlace,
  backgroundPlace,
  markDirty,
  recordBackgroundFailure,
  recordBackgroundRun,
  rotateBackgroundLog,
} from '../../report/background.js'
import type { PushReport, ReportedError } from '../../report/report.js'
import { reportedError } from '../../report/report.js'
import type { Workspace } from '../../snapshot/workspace.js'
import { asDeltaError } from '../../support/errors.js'
import { tryLock } from '../../support/lock.js'
import { waitForQuiet } from './quiet.js'

export interface HookRun {
  readonly hook: string
  readonly workspace: Workspace
  readonly push: () => Promise<PushReport>
  readonly signal: AbortSignal
  readonly now: () => Date
}

export interface HookRunResult {
  readonly outcome: PushReport['outcome'] | 'left to another run' | 'postponed'
  readonly error: ReportedError | null
}

/** A rebase of some hundred commits is over by then. */
const PATIENCE_WITH_GIT = 10_000
/** A first push of a large tree, which the user started by hand. */
const PATIENCE_WITH_PUSH = 10 * 60_000

/**
 * What a hook does in the background. One run at a time: whoever comes leaves a mark, and goes where somebody works
 * already; who works looks for the mark again after he said that he ended, so no mark is overlooked. Never throws: what
 * went wrong is recorded, for `status` and the next commit.
 */
export async function runHook(run: HookRun): Promise<HookRunResult> {
  const { stateDirectory } = run.workspace
  const place = backgroundPlace(stateDirectory)
  await markDirty(stateDirectory)
  rotateBackgroundLog(stateDirectory)
  let result: HookRunResult = { outcome: 'left to another run', error: null }
  while (existsSync(place.dirty) && result.outcome !== 'postponed') {
    const lock = await tryLock(place.lock)
    if (!('release' in lock)) return result
    try {
      await writeFile(place.runner, `${process.pid}\n`)
      result = await pushWhenQuiet(run, place)
    } finally {
      await rm(place.runner, { force: true })
      await lock.release()
    }
  }
  return result
}

async function pushWhenQuiet(run: HookRun, place: BackgroundPlace): Promise<HookRunResult> {
  const { workspace, signal } = run
  const gitDirectory = workspace.git?.gitDirectory ?? workspace.root
  if (!(await waitForQuiet(gitDirectory, PATIENCE_WITH_GIT, signal))) return { outcome: 'postponed', error: null }
  await rm(place.dirty, { force: true })
  const started = performance.now()
  const result = await pushPatiently(run)
  const at = run.now().toISOString()
  const duration_ms = Math.round(performance.now() - started)
  await recordBackgroundRun(workspace.stateDirectory, { at, hook: run.hook, outcome: result.outcome, duration_ms })
  if (result.error !== null) await recordBackgroundFailure(workspace.stateDirectory, result.error, at)
  return result
}

/** A push that somebody else runs may have looked at the work tree before the change, so ours comes after it. */
async function pushPatiently(run: HookRun): Promise<HookRunResult> {
  const deadline = performance.now() + PATIENCE_WITH_PUSH
  for (;;) {
    const result = await pushOnce(run)
    const isOver = result.error?.code !== 'already-running' || performance.now() >= deadline || run.signal.aborted
    if (isOver) return result
    await sleep(500)
  }
}

async function pushOnce({ push }: HookRun): Promise<HookRunResult> {
  try {
    const { outcome, error } = await push()
    return { outcome, error }
  } catch (thrown) {
    return { outcome: 'failed', error: reportedError(asDeltaError(thrown)) }
  }
}
