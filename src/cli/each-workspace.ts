import type { OpenedWorkspace } from '../api/workspace.js'
import { asDeltaError, exitCodeOf } from '../support/errors.js'
import { printable } from '../support/text.js'
import type { CommonArguments, ReceiverArguments } from './arguments.js'
import { reportFailure } from './failure.js'
import { findWorkspaces } from './open-workspace.js'
import { type Printer, printerFor, styled } from './print.js'

/**
 * Does something in each workspace that is meant (see `findWorkspaces`), one after another, and says which one it is
 * about where there are several. What fails in one does not hold up the others. Returns the worst exit code.
 */
export async function inEachWorkspace(
  args: CommonArguments & ReceiverArguments,
  signal: AbortSignal,
  work: (opened: OpenedWorkspace) => Promise<number>,
): Promise<number> {
  const { folders, open } = await findWorkspaces(args)
  const [only = null, ...others] = folders
  if (others.length === 0) return await work(await open(only))
  const printer = printerFor(args)
  const codes: number[] = []
  for (const folder of folders) {
    if (signal.aborted) break
    tellWhich(printer, folder)
    try {
      codes.push(await work(await open(folder)))
    } catch (thrown) {
      codes.push(reportFailure(asDeltaError(thrown), args.json))
    }
  }
  return worstOf(codes)
}

/** Where there are several workspaces: what follows is about this one. */
export function tellWhich(printer: Printer, folder: string | null): void {
  printer.event({ event: 'workspace', folder })
  printer.note(styled('strong', printable(folder ?? '.')))
}

/** Done goes before done with files left out, that before queued, and that before everything that needs somebody. */
export function worstOf(codes: readonly number[]): number {
  return codes.reduce((worst, code) => (severityOf(code) > severityOf(worst) ? code : worst), 0)
}

const LIGHT = [0, 3, exitCodeOf('not-confirmed')]

function severityOf(exitCode: number): number {
  const place = LIGHT.indexOf(exitCode)
  return place === -1 ? LIGHT.length : place
}
