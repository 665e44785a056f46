import type { Config } from '../../config/config.js'

/** The configuration as it is now: it is read again when one of its files changed. */
export class Settings {
  readonly #load: () => Promise<Config>
  readonly #signature: () => Promise<string>
  #last: { readonly config: Config; readonly signature: string } | null = null

  constructor(load: () => Promise<Config>, signature: () => Promise<string>) {
    this.#load = load
    this.#signature = signature
  }

  /** What was read last; null before the first time. */
  get last(): Config | null {
    return this.#last?.config ?? null
  }

  /** Throws what is wrong with it, until that is corrected. */
  async read(): Promise<Config> {
    // Asked before it is read: an edit in between makes the next signature another one.
    const signature = await this.#signature()
    if (this.#last?.signature === signature) return this.#last.config
    this.#last = { config: await this.#load(), signature }
    return this.#last.config
  }
}
