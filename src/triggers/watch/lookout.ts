import { join } from 'node:path'
import type { Workspace } from '../../snapshot/workspace.js'
import { asDeltaError, type DeltaError } from '../../support/errors.js'
import type { Sight } from './events.js'
import type { FolderWatcher } from './folder-watcher.js'
import { findLeftOut, type LeftOutBy, recallLeftOut } from './left-out.js'
import { folderWatcher } from './watch-folders.js'

export interface LookoutOptions {
  readonly workspace: Workspace
  /** Why the system's events are not used at all; null: they are. */
  readonly pollingReason: string | null
  readonly onChange: (path: string | null) => void
  readonly onSight: (sight: Sight) => void
}

/** Notices that something changed: by the events of the system, or, where it gives none, not at all (then we poll). */
export class Lookout {
  readonly #options: LookoutOptions
  #watcher: FolderWatcher | null = null
  #leftOut: ReadonlySet<string> = new Set()
  #sight: Sight | null = null
  #isClosed = false

  constructor(options: LookoutOptions) {
    this.#options = options
  }

  get sight(): Sight | null {
    return this.#sight
  }

  /** Begins to look, before anything is known of the ignore rules but what the last watch found. */
  async begin(config: LeftOutBy): Promise<void> {
    const { pollingReason, workspace } = this.#options
    if (pollingReason !== null) return void this.#poll(pollingReason)
    try {
      await this.#watch((await recallLeftOut(workspace)) ?? (await findLeftOut(workspace, config)))
    } catch (thrown) {
      this.#fail(asDeltaError(thrown))
    }
  }

  /**
   * Brings what is looked at up to date with the ignore rules, and, `inDoubt`, with what may not have been told. Returns
   * whether something may have been missed, so that a look is due.
   */
  async refresh(config: LeftOutBy, inDoubt: boolean): Promise<boolean> {
    const { pollingReason, workspace } = this.#options
    if (pollingReason !== null) return this.#poll(pollingReason)
    if (this.#isClosed) return false
    try {
      const leftOut = await findLeftOut(workspace, config)
      if (this.#watcher !== null && isSame(leftOut, this.#leftOut)) return inDoubt && (await this.#watcher.lookAgain())
      await this.#watch(leftOut)
      return true
    } catch (thrown) {
      return this.#fail(asDeltaError(thrown))
    }
  }

  close(): void {
    this.#isClosed = true
    this.#watcher?.close()
    this.#watcher = null
  }

  async #watch(leftOut: ReadonlySet<string>): Promise<void> {
    if (this.#isClosed) return
    const { workspace, onChange } = this.#options
    const watcher = folderWatcher({
      root: workspace.root,
      leftOut,
      noteFile: join(workspace.stateDirectory, 'watch-folders.json'),
      onChange,
      onFailure: (error) => void this.#fail(error),
    })
    this.#watcher?.close()
    this.#watcher = watcher
    this.#leftOut = leftOut
    await watcher.begin()
    this.#see({ by: 'events' })
  }

  #fail(error: DeltaError): boolean {
    this.#watcher?.close()
    this.#watcher = null
    return this.#poll(`${error.message} ${error.next}`)
  }

  #poll(reason: string): boolean {
    this.#see({ by: 'polling', reason })
    return false
  }

  #see(sight: Sight): void {
    if (this.#isClosed || JSON.stringify(sight) === JSON.stringify(this.#sight)) return
    this.#sight = sight
    this.#options.onSight(sight)
  }
}

function isSame(left: ReadonlySet<string>, right: ReadonlySet<string>): boolean {
  return left.size === right.size && [...left].every((path) => right.has(path))
}
