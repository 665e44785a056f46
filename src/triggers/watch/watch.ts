import { setTimeout as sleep } from 'node:timers/promises'
import { configurationSignature } from '../../config/config-file.js'
import { loadConfig } from '../../config/load.js'
import type { ConfigFlags } from '../../config/sources.js'
import { type ReportedError, reportedError } from '../../report/report.js'
import { workspaceInFolder } from '../../snapshot/folder-workspace.js'
import { openShadow } from '../../snapshot/shadow.js'
import { locateWorkspace, type Workspace } from '../../snapshot/workspace.js'
import { asDeltaError, DeltaError } from '../../support/errors.js'
import { type Lock, tryLock } from '../../support/lock.js'
import { watchLock } from './control-place.js'
import { startControl } from './control-server.js'
import type { LastPush, WatchEvent } from './events.js'
import { Journal } from './journal.js'
import { Session, type SessionEnd, type SessionOptions } from './session.js'
import { Settings } from './settings.js'
import { placeIdentity } from './surroundings.js'
import { WATCH_TIMING, type WatchTiming } from './timing.js'

export interface WatchOptions {
  /** The work tree. */
  readonly whole: Workspace
  /** Which of the workspaces in its configuration; left out where the work tree is the one workspace. */
  readonly folder?: string | null
  /** Ends the watch, in order. */
  readonly signal: AbortSignal
  readonly onEvent?: (event: WatchEvent) => void
  /** What wins over the configuration. */
  readonly flags?: ConfigFlags
  readonly environment?: NodeJS.ProcessEnv
  /** Do not use the system's events: they do not tell of changes that another machine makes on a network drive. */
  readonly polling?: boolean
  readonly timing?: Partial<WatchTiming>
}

export interface WatchEnd {
  /** Something was seen that the receiver is not known to hold; the next push sends it. */
  readonly pending: boolean
  readonly lastPush: LastPush | null
}

/**
 * Keeps the receiver equal to the work tree until `signal` says to end: a push at once, then one whenever something
 * changed and came to rest. What goes wrong is told by `onEvent`, and does not end it: a receiver that is down, a root
 * that is gone for a while, a configuration that is wrong until it is corrected.
 *
 * Throws where it cannot begin: `not-a-repository`, `usage`, `configuration-invalid`, or `already-running` where this
 * workspace is watched already.
 */
export async function watch(options: WatchOptions): Promise<WatchEnd> {
  const { whole, environment = process.env } = options
  const journal = new Journal(options.onEvent ?? (() => undefined), () => new Date())
  const common = {
    environment,
    journal,
    timing: { ...WATCH_TIMING, ...options.timing },
    pollingReason: options.polling === true ? 'it was asked for' : null,
    since: new Date().toISOString(),
    signal: options.signal,
  }
  let workspace = await workspaceIn(whole, options.folder, environment)
  let settings = settingsOf(workspace, options)
  await settings.read()
  for (;;) {
    const { end, pending } = await runSession({ ...common, workspace, settings })
    if (end === 'interrupted') return ended(journal, pending)
    journal.failed(rootGone(workspace))
    journal.state('root gone', true)
    const found = await waitForRoot(workspace, journal, common.timing.beat, options)
    if (found === null) return ended(journal, true)
    workspace = found
    settings = settingsOf(workspace, options)
  }
}

async function runSession(options: SessionOptions): Promise<{ end: SessionEnd; pending: boolean }> {
  const { stateDirectory } = options.workspace
  await openShadow(options.workspace)
  const lock = await takeWatchLock(stateDirectory)
  try {
    const session = new Session(options)
    const control = await startControl(stateDirectory, (request) => session.answer(request))
    try {
      const end = await session.run()
      return { end, pending: session.status().pending }
    } finally {
      await control.close()
    }
  } finally {
    await lock.release()
  }
}

function ended(journal: Journal, pending: boolean): WatchEnd {
  const { lastPush } = journal
  journal.tell({ event: 'watch-ended', pending, last_push: lastPush })
  return { pending, lastPush }
}

async function workspaceIn(
  whole: Workspace,
  folder: string | null | undefined,
  environment: NodeJS.ProcessEnv,
): Promise<Workspace> {
  if (whole.kind !== 'bare') return await workspaceInFolder(whole, folder ?? '.', environment)
  throw new DeltaError('not-a-repository', 'A bare repository has no work tree to watch.', {
    facts: { root: whole.root },
    next: 'Push its commits when they arrive: ce-delta push --commit <revision> in a post-receive hook.',
  })
}

function settingsOf(
  workspace: Workspace,
  { flags = {}, folder = null, environment = process.env }: WatchOptions,
): Settings {
  const root = workspace.part?.of ?? workspace.root
  return new Settings(
    async () => await loadConfig({ root, folder, hasFiles: true, environment, flags }),
    async () => await configurationSignature({ root, folder }, environment),
  )
}

/** One watch for each workspace: two would only be in each other's way. */
async function takeWatchLock(stateDirectory: string): Promise<Lock> {
  const result = await tryLock(watchLock(stateDirectory))
  if ('release' in result) return result
  const { pid, host, since } = result
  throw new DeltaError('already-running', `This workspace is watched already (process ${pid} on ${host}).`, {
    facts: { pid, host, since },
    next: 'ce-delta watch --status tells how it is.',
  })
}

function rootGone({ root }: Workspace): ReportedError {
  return {
    code: 'not-a-repository',
    message: `${root} is gone, or was replaced.`,
    next: 'Nothing is deleted at the receiver; when it is back, it is looked at.',
    facts: { root },
  }
}

/** The workspace when it stands at its place again; null where the watch is to end meanwhile. */
async function waitForRoot(
  gone: Workspace,
  journal: Journal,
  beat: number,
  { signal, folder, environment = process.env }: WatchOptions,
): Promise<Workspace | null> {
  while (!signal.aborted) {
    try {
      if (placeIdentity(gone) !== null) {
        const whole = await locateWorkspace(gone.part?.of ?? gone.root, environment)
        const found = await workspaceIn(whole, folder, environment)
        await openShadow(found)
        return found
      }
    } catch (thrown) {
      // It may be on its way only, as a clone is that has begun.
      journal.failed(reportedError(asDeltaError(thrown)))
    }
    await sleep(beat, undefined, { signal }).catch((thrown: unknown) => {
      if (!signal.aborted) throw thrown
    })
  }
  return null
}
