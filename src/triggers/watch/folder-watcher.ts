import { type FSWatcher, lstatSync, watch } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
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

export interface FolderWatcher {
  /**
   * Finds folders whose creation was not told, as in a storm that is larger than the system's queue. Returns whether
   * there were any.
   */
  lookAgain(): Promise<boolean>
  close(): void
}

/** Whether one watch of the system sees a whole tree. Elsewhere (Linux) each folder needs one. */
const IS_RECURSIVE = process.platform === 'darwin' || process.platform === 'win32'

/**
 * The one door to the system's file events. They only ever say "look again", so nothing is kept about files, and a
 * watch costs one entry for each folder. Throws the DeltaError of {@link watchFailure} where the system refuses.
 */
export async function watchFolders(options: FolderWatcherOptions): Promise<FolderWatcher> {
  return IS_RECURSIVE ? watchRecursively(options) : await watchEachFolder(options)
}

function watchRecursively({ root, leftOut, onChange, onFailure }: FolderWatcherOptions): FolderWatcher {
  const isLeftOut = (path: string): boolean => {
    const parts = path.split(sep)
    return parts.includes('.git') || parts.some((_, length) => leftOut.has(join(root, ...parts.slice(0, length + 1))))
  }
  try {
    const watcher = watch(root, { recursive: true }, (_, name) => {
      if (name === null) onChange(null)
      else if (!isLeftOut(name)) onChange(join(root, name))
    })
    watcher.on('error', (thrown) => {
      watcher.close()
      onFailure(watchFailure(thrown))
    })
    return { lookAgain: async () => false, close: () => watcher.close() }
  } catch (thrown) {
    throw watchFailure(thrown)
  }
}

async function watchEachFolder(options: FolderWatcherOptions): Promise<FolderWatcher> {
  const folders = new EachFolder(options)
  try {
    await folders.enter(options.root)
  } catch (thrown) {
    folders.close()
    throw thrown
  }
  return { lookAgain: async () => await folders.lookAgain(), close: () => folders.close() }
}

interface Watched {
  readonly watcher: FSWatcher
  /** The folders inside that are watched. */
  readonly inside: Set<string>
}

/** How many folders are read at the same time. */
const AT_ONCE = 16

class EachFolder {
  readonly #watched = new Map<string, Watched>()
  readonly #options: FolderWatcherOptions
  #isClosed = false

  constructor(options: FolderWatcherOptions) {
    this.#options = options
  }

  close(): void {
    this.#isClosed = true
    for (const { watcher } of this.#watched.values()) watcher.close()
    this.#watched.clear()
  }

  async lookAgain(): Promise<boolean> {
    const before = this.#watched.size
    await this.enter(this.#options.root)
    return this.#watched.size > before
  }

  /** Watches a folder and all below. Each is watched before it is read, so nothing that is made meanwhile is missed. */
  async enter(start: string): Promise<void> {
    let folders = [start]
    while (folders.length > 0 && !this.#isClosed) {
      const found = await Promise.all(folders.splice(0, AT_ONCE).map(async (folder) => await this.#enterOne(folder)))
      folders = [...folders, ...found.flat()]
    }
  }

  async #enterOne(folder: string): Promise<string[]> {
    try {
      this.#watch(folder)
      const entries = await readdir(folder, { withFileTypes: true })
      const inside = entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name))
      return inside.filter((path) => !this.#isLeftOut(path))
    } catch (thrown) {
      if (!IS_NOT_THERE.has(systemErrorCode(thrown) ?? '')) throw watchFailure(thrown)
      this.#leave(folder)
      return []
    }
  }

  #watch(folder: string): void {
    if (this.#isClosed || this.#watched.has(folder)) return
    const watcher = watch(folder, (kind, name) => this.#onEvent(folder, kind, name))
    watcher.on('error', (thrown) => this.#fail(thrown))
    this.#watched.set(folder, { watcher, inside: new Set() })
    this.#watched.get(dirname(folder))?.inside.add(folder)
  }

  #leave(folder: string): void {
    const watched = this.#watched.get(folder)
    if (watched === undefined) return
    watched.watcher.close()
    this.#watched.delete(folder)
    for (const inside of watched.inside) this.#leave(inside)
  }

  #onEvent(folder: string, kind: string, name: string | null): void {
    if (this.#isClosed) return
    const path = name === null ? null : join(folder, name)
    if (path !== null && this.#isLeftOut(path)) return
    if (path !== null && kind === 'rename') this.#comeOrGone(path)
    this.#options.onChange(path)
  }

  /** A folder that came or went; one that was replaced by another of the same name did both. */
  #comeOrGone(path: string): void {
    this.#leave(path)
    if (!isFolder(path)) return
    // What was made inside while we were on the way there is only known by looking.
    this.enter(path).then(
      () => this.#options.onChange(path),
      (thrown) => this.#fail(thrown),
    )
  }

  #fail(thrown: unknown): void {
    if (this.#isClosed) return
    this.close()
    this.#options.onFailure(watchFailure(thrown))
  }

  #isLeftOut(path: string): boolean {
    return path.endsWith(`${sep}.git`) || this.#options.leftOut.has(path)
  }
}

/** A folder that is gone by now, or that we may not read, cannot be watched, and need not be. */
const IS_NOT_THERE = new Set(['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'ELOOP'])

function isFolder(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
  } catch (thrown) {
    if (systemErrorCode(thrown) === undefined) throw thrown
    return false
  }
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
