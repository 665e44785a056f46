import type { PushReport } from '../../report/report.js'
import { DeltaError } from '../../support/errors.js'

interface Waiting {
  readonly resolve: (report: PushReport) => void
  readonly reject: (error: DeltaError) => void
}

/** Those who wait for a push that begins after they asked. */
export class Flushes {
  #waiting: Waiting[] = []
  #served: Waiting[] = []
  #isOver = false

  /** Rejects where the watch ends before that. */
  async next(): Promise<PushReport> {
    if (this.#isOver) throw hasEnded()
    return await new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  pushBegan(): void {
    this.#served = this.#waiting.splice(0)
  }

  pushEnded(report: PushReport): void {
    for (const { resolve } of this.#served.splice(0)) resolve(report)
  }

  end(): void {
    this.#isOver = true
    for (const { reject } of [...this.#served.splice(0), ...this.#waiting.splice(0)]) reject(hasEnded())
  }
}

function hasEnded(): DeltaError {
  return new DeltaError('interrupted', 'The watch ended meanwhile.')
}
