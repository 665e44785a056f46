import { join } from 'node:path'
import type { Config } from '../../config/config.js'
import { installIgnoreRules, listIgnored } from '../../snapshot/ignore-rules.js'
import { openShadow } from '../../snapshot/shadow.js'
import type { Workspace } from '../../snapshot/workspace.js'
import { asDeltaError, type DeltaError } from '../../support/errors.js'
import { decodeUtf8 } from '../../support/text.js'
import type { Sight } from './events.js'
import { type FolderWatcher, watchFolders } from './folder-watcher.js'

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

  /**
   * Begins to look, or brings what is looked at up to date with the ignore rules. Returns whether something may have
   * been missed, so that a look is due.
   */
  async refresh(config: Pick<Config, 'exclude' | 'dataDirectory'>): Promise<boolean> {
    const { pollingReason, workspace } = this.#options
    if (pollingReason !== null) return this.#poll(pollingReason)
    try {
      const leftOut = await foldersLeftOut(workspace, config)
      if (this.#watcher !== null && isSame(leftOut, this.#leftOut)) return await this.#watcher.lookAgain()
      await this.#begin(leftOut)
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

  async #begin(leftOut: ReadonlySet<string>): Promise<void> {
    const { workspace, onChange } = this.#options
    this.#watcher?.close()
    this.#watcher = null
    const onFailure = (error: DeltaError): void => void this.#fail(error)
    const watcher = await watchFolders({ root: workspace.root, leftOut, onChange, onFailure })
    if (this.#isClosed) {
      watcher.close()
      return
    }
    this.#watcher = watcher
    this.#leftOut = leftOut
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

/**
 * Folders in which nothing is part of the copy: ignored as a whole, git's, and our own. Events in them would only cost,
 * and those in our own would never end.
 */
async function foldersLeftOut(
  workspace: Workspace,
  { exclude, dataDirectory }: Pick<Config, 'exclude' | 'dataDirectory'>,
): Promise<ReadonlySet<string>> {
  const shadow = await openShadow(workspace)
  const ignored = await listIgnored(shadow, await installIgnoreRules(shadow, exclude))
  const folders = ignored.flatMap((name) => {
    const path = decodeUtf8(name)
    return path?.endsWith('/') === true ? [join(workspace.root, path.slice(0, -1))] : []
  })
  const git = workspace.git === null ? [] : [workspace.git.gitDirectory]
  return new Set([...folders, ...git, workspace.stateDirectory, dataDirectory])
}

function isSame(left: ReadonlySet<string>, right: ReadonlySet<string>): boolean {
  return left.size === right.size && [...left].every((path) => right.has(path))
}
