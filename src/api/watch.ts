import type { Workspace } from '../snapshot/workspace.js'
import { DeltaError } from '../support/errors.js'
import type { WatchEvent } from '../triggers/watch/events.js'
import { type WatchEnd, watch as watchWorkspace } from '../triggers/watch/watch.js'
import { findWorkspaces, oneOf, settingsIn, type WorkspaceOptions } from './workspace.js'

/** Everything is as for `ce-delta watch` where it is left out. */
export interface WatchOptions extends WorkspaceOptions {
  /** Milliseconds without a change before anything is sent. Default: 300. */
  readonly settle?: number
  /** Do not rely on the system's events: they do not tell of changes that another machine makes on a network drive. */
  readonly poll?: boolean
  /** Ends the watch, in order. */
  readonly signal?: AbortSignal
  /** What `--json` prints, as it happens. */
  readonly onEvent?: (event: WatchEvent) => void
}

const SETTLE = 300
/** A storm of changes holds a push up for so long at most. */
const LONGEST = 2000

/**
 * Keeps the receiver equal to the work tree: a push at once, then one whenever something changed and came to rest.
 * Resolves when `signal` said to end. What goes wrong meanwhile is told by `onEvent` and does not end it. Rejects with a
 * `DeltaError` only where it cannot begin, or where this workspace is watched already.
 */
export async function watch(options: WatchOptions = {}): Promise<WatchEnd> {
  const { whole, folders } = await findWorkspaces(options)
  return await watchFolder(whole, oneOf(folders), options)
}

/** Watches one of the workspaces of a work tree; null where it is the one workspace itself. */
export async function watchFolder(whole: Workspace, folder: string | null, options: WatchOptions): Promise<WatchEnd> {
  const { settle = SETTLE, poll = false, environment = process.env } = options
  const { signal = new AbortController().signal, onEvent = () => undefined } = options
  if (!(settle >= 0 && settle <= 60_000)) throw wrongSettle(settle)
  const timing = { settle, longest: Math.max(LONGEST, settle) }
  return await watchWorkspace({
    whole,
    folder,
    flags: settingsIn(options),
    polling: poll,
    environment,
    timing,
    signal,
    onEvent,
  })
}

function wrongSettle(settle: number): DeltaError {
  return new DeltaError('usage', `settle must be a number of milliseconds up to 60000 (it is ${settle}).`, {
    facts: { settle },
    next: 'Leave it out for 300.',
  })
}
