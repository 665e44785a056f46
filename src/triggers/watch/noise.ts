import type { Config } from '../../config/config.js'
import { areAllIgnored } from '../../snapshot/ignored-among.js'
import { openShadow } from '../../snapshot/shadow.js'
import type { Workspace } from '../../snapshot/workspace.js'

/** More paths than these are not asked about: a scan is as fast. */
const MOST = 200

/**
 * Remembers which paths changed since the last push, so that a file that is ignored and written all the time, like a log,
 * does not keep the machine busy. It is only asked after a push that changes caused for nothing: an edit never waits.
 */
export class Noise {
  #paths: Set<string> | null = new Set()
  #isSuspected = false

  changed(path: string | null): void {
    if (path === null || this.#paths === null || this.#paths.size >= MOST) this.#paths = null
    else this.#paths.add(path)
  }

  /** Forgets the paths so far. Returns whether nothing can have come of them, as every one is ignored. */
  async isAllThereWas(workspace: Workspace, config: Config | null): Promise<boolean> {
    const paths = [...(this.#paths ?? [])]
    this.#paths = new Set()
    if (!this.#isSuspected || config === null || paths.length === 0) return false
    try {
      return await areAllIgnored(await openShadow(workspace), config.exclude, paths)
    } catch {
      // The push that follows says what is wrong.
      return false
    }
  }

  /** What a push saw is for the next one, and its paths are forgotten. */
  withdrawn(): void {
    this.#isSuspected = false
  }

  /** A push was made because of changes, or for more reasons; and it found something, or did not. */
  pushed(isOnlyByChanges: boolean, foundNothing: boolean): void {
    this.#isSuspected = isOnlyByChanges && foundNothing
  }
}
