import { readFileSync } from 'node:fs'
import { DeltaError, systemErrorCode } from '../../support/errors.js'

export interface FolderWatcherOptions {
  readonly root: string
  /** Folders that are not looked into: absolute paths. Folders named `.git` never are. */
  readonly leftOut: ReadonlySet<string>
  /** Where it may leave a note that lets the next one begin sooner. */
  readonly noteFile: string
  /** Something changed at this path, or, with null, somewhere. More may be told than really changed. */
  readonly onChange: (path: string | null) => void
  /** It sees no longer everything, and has ended. */
  readonly onFailure: (error: DeltaError) => void
}

/** Nothing is watched before it has begun. */
export interface FolderWatcher {
  /** Settles when every folder is watched, or it was closed. Throws the DeltaError of {@link watchFailure} where that is refused. */
  begin(): Promise<void>
  /**
   * Finds folders that came, or came to the place of others, and were not told, as in a storm that is larger than the
   * system's queue. Returns whether there were any.
   */
  lookAgain(): Promise<boolean>
  close(): void
}

/** Why the system does not tell of changes, and what can be done about it. */
export function watchFailure(thrown: unknown): DeltaError {
  if (thrown instanceof DeltaError) return thrown
  const system_code = systemErrorCode(thrown) ?? null
  const limit = LIMITS[system_code ?? '']
  const message = limit?.message ?? `The system cannot watch this folder (${system_code ?? String(thrown)}).`
  return new DeltaError('watch-failed', message, {
    facts: { system_code },
    ...(limit === undefined ? {} : { next: howToRaise(limit) }),
    cause: thrown,
  })
}

interface Limit {
  readonly message: string
  readonly setting: string
  /** Enough for most. */
  readonly enough: number
}

const LIMITS: Readonly<Record<string, Limit | undefined>> = {
  ENOSPC: {
    message: 'The system watches no more folders for this user (fs.inotify.max_user_watches).',
    setting: 'fs.inotify.max_user_watches',
    enough: 524_288,
  },
  EMFILE: {
    message: 'The system starts no more watchers for this user (fs.inotify.max_user_instances), or files are used up.',
    setting: 'fs.inotify.max_user_instances',
    enough: 1024,
  },
}

function howToRaise({ setting, enough }: Limit): string {
  const value = Math.max(enough, 2 * currentValue(setting))
  return `Raise the limit: sudo sysctl ${setting}=${value} (and write it into /etc/sysctl.conf).`
}

/** 0 where it cannot be read. */
function currentValue(setting: string): number {
  try {
    return Number(readFileSync(`/proc/sys/${setting.replaceAll('.', '/')}`, 'utf8')) || 0
  } catch (thrown) {
    if (systemErrorCode(thrown) === undefined) throw thrown
    return 0
  }
}
