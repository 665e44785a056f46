import { formatDuration, formatTime, printable } from '../support/text.js'
import type { WorktreeHooks } from '../triggers/hook/inspect.js'
import type { InstallResult } from '../triggers/hook/install.js'
import type { HookStats, Percentiles } from '../triggers/hook/measure.js'
import { HOOK_NAMES } from '../triggers/hook/names.js'
import { placeFromHere } from './place.js'
import { type Printer, styled, styledAnswer } from './print.js'

export function renderChanges(printer: Printer, { folder, hooks }: InstallResult): void {
  for (const [at, { hook, file, change, error }] of hooks.entries()) {
    const sign = change === 'refused' ? styled('bad', '✗') : styled('good', '✓')
    printer.note(
      `${sign} ${hook.padEnd(14)} ${error === null ? `${change} in ${placeFromHere(file)}` : printable(error.message)}`,
    )
    // Once, where it is the same for all of them.
    if (error !== null && error.next !== hooks[at + 1]?.error?.next) printer.note(`  ${error.next}`)
  }
  if (folder.manager === 'husky')
    printer.note('  These files are part of the repository: others use them when they install the hook too.')
  if (hooks.some(({ change }) => change === 'installed'))
    printer.note('From now on every commit is pushed in the background. Once without: CE_DELTA=0 git commit')
}

export function renderHooks(printer: Printer, worktree: WorktreeHooks): void {
  const { root, manager, installed, problem, lastRun, lastFailure } = worktree
  const sign = problem === null ? styledAnswer('good', '✓') : styledAnswer('careful', '!')
  printer.answer(
    `${sign} ${printable(root)}: ${installed.length} of ${HOOK_NAMES.length} hooks${manager === null ? '' : ` (${manager})`}`,
  )
  if (problem !== null) printer.answer(`  ${printable(problem.message)}: ${problem.next}`)
  if (lastRun !== null)
    printer.answer(`  last run ${formatTime(lastRun.at)}: ${lastRun.outcome}, ${formatDuration(lastRun.duration_ms)}`)
  if (lastFailure !== null)
    printer.answer(`  ${styledAnswer('bad', 'last failure')} ${formatTime(lastFailure.at)}: ${lastFailure.message}`)
}

export function renderStats(printer: Printer, { foreground, background, slowest }: HookStats): void {
  const line = (name: string, { count, p50_ms, p95_ms }: Percentiles, unit: string): void => {
    const times =
      p50_ms === null || p95_ms === null ? '' : `p50 ${formatMilliseconds(p50_ms)}, p95 ${formatMilliseconds(p95_ms)}, `
    printer.answer(`${name.padEnd(12)}${times}${count} ${unit}`)
  }
  line('foreground', foreground, 'measured now')
  line('background', background, 'recorded')
  if (slowest !== null)
    printer.answer(`slowest     ${formatDuration(slowest.duration_ms)}, ${slowest.hook}, ${formatTime(slowest.at)}`)
}

function formatMilliseconds(milliseconds: number): string {
  return milliseconds < 100 ? `${milliseconds.toFixed(1)} ms` : formatDuration(milliseconds)
}
