import { basename } from 'node:path'
import { OWN_IGNORE_FILE } from '../../snapshot/collected-rules.js'

const IGNORE_FILES = new Set(['.gitignore', OWN_IGNORE_FILE])

/** In a storm like this one the system's queue may run over, and the news of a folder be lost. */
const STORM = 5000

/** Remembers whether the folders that are looked into are still the right ones. */
export class Rules {
  #areStale = true
  #isInDoubt = false
  #events = 0
  #exclude = ''
  #refreshedAt: number

  constructor(now: number) {
    this.#refreshedAt = now
  }

  changed(path: string | null): void {
    this.#events++
    if (path === null || this.#events > STORM) this.#isInDoubt = true
    else if (IGNORE_FILES.has(basename(path))) this.#areStale = true
  }

  /**
   * What may be different: the `rules`, or `anything`, because folders may have come that nobody told of, or it is so
   * many milliseconds ago that it was looked at; null where nothing is.
   */
  whatMayDiffer(exclude: readonly string[], now: number, longest: number): 'rules' | 'anything' | null {
    if (this.#isInDoubt || now - this.#refreshedAt >= longest) return 'anything'
    return this.#areStale || this.#exclude !== JSON.stringify(exclude) ? 'rules' : null
  }

  refreshed(exclude: readonly string[], now: number): void {
    this.#areStale = false
    this.#isInDoubt = false
    this.#events = 0
    this.#exclude = JSON.stringify(exclude)
    this.#refreshedAt = now
  }
}
