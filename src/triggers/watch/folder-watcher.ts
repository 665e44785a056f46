import { DeltaError, systemErrorCode } from '../../support/errors.js'

export interface FolderWatcherOptions {
  readonly root: string
  /** Folders that are not looked into: absolute paths. Folders named `.git` never are. */
  readonly leftOut: ReadonlySet<string>
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
    ...(limit === undefined ? {} : { next: limit.next }),
    cause: thrown,
  })
}

const LIMITS: Readonly<Record<string, { readonly message: string; readonly next: string } | undefined>> = {
  ENOSPC: {
    message: 'The system watches no more folders for this user (fs.inotify.max_user_watches).',
    next: 'Raise the limit: sudo sysctl fs.inotify.max_user_watches=524288 (and write it into /etc/sysctl.conf).',
  },
  EMFILE: {
    message: 'The system starts no more watchers for this user (fs.inotify.max_user_instances), or files are used up.',
    next: 'Raise the limit: sudo sysctl fs.inotify.max_user_instances=1024 (and write it into /etc/sysctl.conf).',
  },
}
