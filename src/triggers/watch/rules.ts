import { basename } from 'node:path'
import { OWN_IGNORE_FILE } from '../../snapshot/collected-rules.js'

const IGNORE_FILES = new Set(['.gitignore', OWN_IGNORE_FILE])

/** In a storm like this one the system's queue may run over, and the news of a folder be lost. */
const STORM = 5000

/** Remembers whether the folders that are looked into are still the right ones. */
export class Rules {
  #isStale = true
  #events = 0
  #exclude = ''
  #refreshedAt = Number.NEGATIVE_INFINITY

  changed(path: string | null): void {
    this.#events++
    if (path === null || IGNORE_FILES.has(basename(path)) || this.#events > STORM) this.#isStale = true
  }

  isRefreshDue(exclude: readonly string[], now: number, longest: number): boolean {
    return this.#isStale || this.#exclude !== JSON.stringify(exclude) || now - this.#refreshedAt >= longest
  }

  refreshed(exclude: readonly string[], now: number): void {
    this.#isStale = false
    this.#events = 0
    this.#exclude = JSON.stringify(exclude)
    this.#refreshedAt = now
  }
}
