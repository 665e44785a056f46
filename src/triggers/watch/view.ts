import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Sight } from './events.js'
import { Lookout, type LookoutOptions } from './lookout.js'
import { Rules } from './rules.js'
import type { Settings } from './settings.js'

export interface ViewOptions extends LookoutOptions {
  readonly settings: Settings
  /** After this many milliseconds the folders are looked over again, whatever happened. */
  readonly longest: number
  /** Something may have changed unseen while the view was set up. */
  readonly onMissed: () => void
}

/** Keeps the lookout on the folders that the rules leave, whatever becomes of the rules. */
export class View {
  readonly #options: ViewOptions
  readonly #lookout: Lookout
  readonly #rules = new Rules(performance.now())
  #opening: Promise<void> = Promise.resolve()

  constructor(options: ViewOptions) {
    this.#options = options
    this.#lookout = new Lookout(options)
  }

  get sight(): Sight | null {
    return this.#lookout.sight
  }

  changed(path: string | null): void {
    this.#rules.changed(path)
  }

  /** Begins to look: whatever changes from the end of it on is told. */
  async open(): Promise<void> {
    const { settings, workspace } = this.#options
    if (settings.last === null) return
    this.#opening = this.#lookout.begin(settings.last)
    await this.#opening
    // Meanwhile the first push runs. Where none was before it, what git tracks in spite of a rule is not known yet.
    if (existsSync(join(workspace.stateDirectory, 'index'))) this.#opening = this.#refresh()
  }

  /** Looks at what the rules leave, now that a push has applied them. */
  async keep(): Promise<void> {
    await this.#opening
    await this.#refresh()
  }

  async close(): Promise<void> {
    this.#lookout.close()
    await this.#opening
  }

  async #refresh(): Promise<void> {
    const { settings, longest, onMissed } = this.#options
    const config = settings.last
    if (config === null) return
    const mayDiffer = this.#rules.whatMayDiffer(config.exclude, performance.now(), longest)
    if (mayDiffer === null) return
    this.#rules.refreshed(config.exclude, performance.now())
    if (await this.#lookout.refresh(config, mayDiffer === 'anything')) onMissed()
  }
}
