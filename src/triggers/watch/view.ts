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
  #work: Promise<void> = Promise.resolve()
  #isKept = false

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
    const { last } = this.#options.settings
    if (last === null) return
    this.#work = this.#lookout.begin(last)
    await this.#work
  }

  /**
   * Looks at what the rules leave, now that a push has applied them. After the first push nobody waits for that: what the
   * last watch looked at is looked at until then.
   */
  async keep(): Promise<void> {
    this.#work = this.#work.then(async () => await this.#refresh())
    if (this.#isKept) await this.#work
    this.#isKept = true
  }

  async close(): Promise<void> {
    this.#lookout.close()
    await this.#work
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
