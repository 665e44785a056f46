/** Where a server counts: each process for itself, and some on disk as well (protocol.md §0 "seq store", §3). */
export class Counters {
  readonly #isKept: boolean
  #ofWorkers: Map<string, number>[] = []
  #kept = new Map<string, number>()

  constructor(isKept: boolean) {
    this.#isKept = isKept
  }

  last(key: string, worker: number): number {
    return this.#ofWorkers[worker]?.get(key) ?? (this.#isKept ? (this.#kept.get(key) ?? 0) : 0)
  }

  count(key: string, worker: number, number: number): void {
    const counter = this.#ofWorkers[worker] ?? new Map<string, number>()
    this.#ofWorkers[worker] = counter.set(key, number)
    this.#kept.set(key, number)
  }

  /** What is in memory is gone. */
  restart(): void {
    this.#ofWorkers = []
  }

  wipe(): void {
    this.restart()
    this.#kept.clear()
  }

  /** Calling the result puts everything back. */
  backup(): () => void {
    const kept = new Map(this.#kept)
    const ofWorkers = this.#ofWorkers.map((counter) => new Map(counter))
    return () => {
      this.#kept = new Map(kept)
      this.#ofWorkers = this.#isKept ? [] : ofWorkers.map((counter) => new Map(counter))
    }
  }
}
