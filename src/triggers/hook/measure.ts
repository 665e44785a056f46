import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type BackgroundRun, readBackgroundRuns } from '../../report/background.js'
import type { Workspace } from '../../snapshot/workspace.js'
import { DeltaError } from '../../support/errors.js'
import { findHookFolder } from './folder.js'
import { SHIM_NAME } from './names.js'

export interface Percentiles {
  readonly count: number
  readonly p50_ms: number | null
  readonly p95_ms: number | null
}

export interface HookStats {
  /** What git waits for. It is measured now, by running the shim up to the point where it would start the push. */
  readonly foreground: Percentiles
  /** What is recorded of the pushes in the background. */
  readonly background: Percentiles
  readonly slowest: BackgroundRun | null
}

const FOREGROUND_RUNS = 20

export async function measureHooks(workspace: Workspace): Promise<HookStats> {
  const { commonDirectory } = await findHookFolder(workspace)
  const shim = join(commonDirectory, SHIM_NAME)
  if (!existsSync(shim)) {
    throw new DeltaError('usage', 'No hooks are installed in this clone.', { next: 'ce-delta hook install' })
  }
  const runs = await readBackgroundRuns(workspace.stateDirectory)
  const foreground: number[] = []
  for (let count = 0; count < FOREGROUND_RUNS; count++) {
    foreground.push(await timeShim(shim, workspace))
  }
  const slowest = runs.reduce<BackgroundRun | null>(
    (most, run) => (most === null || run.duration_ms > most.duration_ms ? run : most),
    null,
  )
  return { foreground: percentiles(foreground), background: percentiles(runs.map((run) => run.duration_ms)), slowest }
}

async function timeShim(shim: string, workspace: Workspace): Promise<number> {
  const environment = { ...process.env, CE_DELTA_MEASURE: '1', GIT_DIR: workspace.git?.gitDirectory }
  const started = performance.now()
  const child = spawn('sh', [shim, 'post-merge'], { cwd: workspace.root, env: environment, stdio: 'ignore' })
  await once(child, 'exit')
  return performance.now() - started
}

/** Nearest rank. */
export function percentiles(values: readonly number[]): Percentiles {
  const sorted = [...values].sort((left, right) => left - right)
  const at = (share: number): number | null => {
    const value = sorted[Math.ceil(sorted.length * share) - 1]
    return value === undefined ? null : Math.round(value * 10) / 10
  }
  return { count: sorted.length, p50_ms: at(0.5), p95_ms: at(0.95) }
}
