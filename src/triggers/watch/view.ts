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
  readonly #rules = new Rules()
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

  /** Begins beside the first push: where there was a scan before, it is known by now what is ignored. */
  open(): void {
    this.#opening = this.#refresh()
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
    if (config === null || !this.#rules.isRefreshDue(config.exclude, performance.now(), longest)) return
    this.#rules.refreshed(config.exclude, performance.now())
    if (await this.#lookout.refresh(config)) onMissed()
  }
}
