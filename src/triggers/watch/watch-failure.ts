import { DeltaError, systemErrorCode } from '../../support/errors.js'

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
