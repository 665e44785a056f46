import { type FSWatcher, lstatSync, readdirSync, watch } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type DeltaError, systemErrorCode } from '../../support/errors.js'
import { FolderNotes } from './folder-notes.js'
import { type FolderWatcher, type FolderWatcherOptions, watchFailure } from './folder-watcher.js'

interface Watched {
  readonly watcher: FSWatcher
  /** Which folder that is: another one may have come to its place. */
  readonly identity: string
  /** The folders inside that are watched. */
  readonly inside: Set<string>
}

/** How many folders are entered, in about a millisecond, before others get their turn. */
const AT_ONCE = 32

/** Where the system watches one folder at a time. */
export class EachFolder implements FolderWatcher {
  readonly #watched = new Map<string, Watched>()
  readonly #options: FolderWatcherOptions
  #isClosed = false
  #failure: DeltaError | null = null
  /** How many folders were begun to be watched so far. */
  #begun = 0

  constructor(options: FolderWatcherOptions) {
    this.#options = options
  }

  close(): void {
    this.#isClosed = true
    for (const { watcher } of this.#watched.values()) watcher.close()
    this.#watched.clear()
  }

  async begin(): Promise<void> {
    const notes = await FolderNotes.recall(this.#options.noteFile, Date.now())
    await this.#enter(this.#options.root, notes).catch((thrown: unknown) => this.#fail(thrown))
    // It may also have failed at a folder that came meanwhile.
    if (this.#failure !== null) throw this.#failure
    if (!this.#isClosed) await notes.write()
  }

  async lookAgain(): Promise<boolean> {
    const before = this.#begun
    await this.#enter(this.#options.root)
    return this.#begun > before
  }

  /** Watches a folder and all below. Each is watched before it is read, so nothing that is made meanwhile is missed. */
  async #enter(start: string, notes: FolderNotes | null = null): Promise<void> {
    const waiting = [start]
    for (let entered = 1; waiting.length > 0 && !this.#isClosed; entered++) {
      for (const folder of this.#enterOne(waiting.pop() ?? start, notes)) waiting.push(folder)
      if (entered % AT_ONCE === 0) await nextTurn()
    }
  }

  #enterOne(folder: string, notes: FolderNotes | null): string[] {
    try {
      this.#watch(folder)
      const names = notes?.inside(folder, foldersIn) ?? foldersIn(folder)
      return names.map((name) => join(folder, name)).filter((path) => !this.#isLeftOut(path))
    } catch (thrown) {
      if (!IS_NOT_THERE.has(systemErrorCode(thrown) ?? '')) throw watchFailure(thrown)
      this.#leave(folder)
      return []
    }
  }

  #watch(folder: string): void {
    const identity = identityOf(folder)
    if (this.#watched.get(folder)?.identity === identity) return
    this.#leave(folder)
    const watcher = watch(folder, (kind, name) => this.#onEvent(folder, kind, name))
    watcher.on('error', (thrown) => this.#fail(thrown))
    this.#watched.set(folder, { watcher, identity, inside: new Set() })
    this.#watched.get(dirname(folder))?.inside.add(folder)
    this.#begun++
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
    if (path !== null && kind === 'rename') this.#cameOrWent(path)
    this.#options.onChange(path)
  }

  #cameOrWent(path: string): void {
    if (!isFolder(path)) {
      this.#leave(path)
      return
    }
    // What was made inside while we were on the way there is only known by looking.
    this.#enter(path).then(
      () => this.#options.onChange(path),
      (thrown) => this.#fail(thrown),
    )
  }

  #fail(thrown: unknown): void {
    if (this.#isClosed) return
    this.close()
    this.#failure = watchFailure(thrown)
    this.#options.onFailure(this.#failure)
  }

  #isLeftOut(path: string): boolean {
    return path.endsWith(`${sep}.git`) || this.#options.leftOut.has(path)
  }
}

/** Numbers of folders are used again at once, so the time of birth belongs to it. Where there is none, that of a change. */
function identityOf(folder: string): string {
  const { dev, ino, birthtimeNs } = lstatSync(folder, { bigint: true })
  return `${dev}-${ino}-${birthtimeNs}`
}

function foldersIn(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true })
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
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
