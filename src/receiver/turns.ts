/** Work for each name, one after another in the order in which it came, in this process. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>()

  /** Runs it behind all that was given for this name before, however that ended. */
  async take<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    const before = this.#last.get(name) ?? Promise.resolve()
    // How it ended was told to who gave it.
    const turn = before.catch(() => undefined).then(work)
    this.#last.set(name, turn)
    try {
      return await turn
    } finally {
      if (this.#last.get(name) === turn) this.#last.delete(name)
    }
  }

  isTaken(name: string): boolean {
    return this.#last.has(name)
  }

  /** Waits for all that was given so far. Throws what went wrong last. */
  async settled(name: string): Promise<void> {
    await this.#last.get(name)
  }
}
