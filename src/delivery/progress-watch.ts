/** So many times the longest silence may an exchange last, beside the time for what it moves. */
const WHOLE_PATIENCE = 4

/** A line that moves less in a millisecond, over all of an exchange, moves nothing that is worth waiting for. */
const SLOWEST_BYTES_PER_MILLISECOND = 1

/**
 * Ends an exchange in which nothing moved for too long, or too little over all (faults.md row 64). A large upload over a
 * slow line moves, so it may take its time; an answer of a byte now and then has an end all the same.
 */
export class ProgressWatch {
  readonly #silence: number
  readonly #controller = new AbortController()
  readonly #started = performance.now()
  readonly #idleTimer: NodeJS.Timeout
  #wholeTimer: NodeJS.Timeout
  #bytes = 0
  #end: Stagnation | null = null

  /** `silence`: milliseconds without a byte in either direction. */
  constructor(silence: number) {
    this.#silence = silence
    this.#idleTimer = setTimeout(() => this.#give({ reason: 'idle timeout', milliseconds: silence }), silence)
    this.#wholeTimer = setTimeout(() => this.#checkWhole(), silence * WHOLE_PATIENCE)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Why it was given up; null where it was not. */
  get end(): Stagnation | null {
    return this.#end
  }

  moved(bytes: number): void {
    this.#bytes += bytes
    this.#idleTimer.refresh()
  }

  stop(): void {
    clearTimeout(this.#idleTimer)
    clearTimeout(this.#wholeTimer)
  }

  #checkWhole(): void {
    const elapsed = performance.now() - this.#started
    const left = this.#silence * WHOLE_PATIENCE + this.#bytes / SLOWEST_BYTES_PER_MILLISECOND - elapsed
    if (left <= 0) this.#give({ reason: 'too slow', milliseconds: elapsed })
    else this.#wholeTimer = setTimeout(() => this.#checkWhole(), left)
  }

  #give(end: Stagnation): void {
    this.stop()
    this.#end = end
    this.#controller.abort()
  }
}

export interface Stagnation {
  readonly reason: 'idle timeout' | 'too slow'
  /** How long nothing moved, or how long too little did. */
  readonly milliseconds: number
}
