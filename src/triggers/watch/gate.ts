import { setImmediate as nextTurn } from 'node:timers/promises'

/** Where a push waits with its snapshot until it is known whether it may deliver it. */
export class Gate {
  readonly #onAsked: () => void
  #asked: Promise<boolean> | null = null
  #answer: ((mayDeliver: boolean) => void) | null = null
  #waited = 0

  /** `onAsked` is called once, when the push waits. */
  constructor(onAsked: () => void) {
    this.#onAsked = onAsked
  }

  get isAsked(): boolean {
    return this.#answer !== null
  }

  /** For how many milliseconds the push waited. */
  get waited(): number {
    return this.#waited
  }

  /** However often it is asked, it is one question. */
  async mayDeliver(): Promise<boolean> {
    this.#asked ??= this.#ask()
    return await this.#asked
  }

  /** Does nothing where nobody waits. */
  answer(mayDeliver: boolean): void {
    this.#answer?.(mayDeliver)
    this.#answer = null
  }

  async #ask(): Promise<boolean> {
    const since = performance.now()
    // What the system has to tell of the time until now is heard first.
    await nextTurn()
    const answer = new Promise<boolean>((resolve) => {
      this.#answer = resolve
      this.#onAsked()
    })
    return await answer.finally(() => {
      this.#waited = Math.round(performance.now() - since)
    })
  }
}
