import { advance, type Decision, decide, type Happening, newSchedule, type Schedule } from './schedule.js'
import type { Timing } from './timing.js'

/** The schedule of a watch that runs: what happens goes in, and what to do comes out, at its time. */
export class Timetable {
  readonly #timing: Timing
  readonly #onDecision: (decision: Decision) => void
  #schedule: Schedule = newSchedule(performance.now())
  #timer: NodeJS.Timeout | undefined
  #isStarted = false
  #isOver = false

  /** `onDecision` is told what to do whenever something happened, and whenever there was something to wait for. */
  constructor(timing: Timing, onDecision: (decision: Decision) => void) {
    this.#timing = timing
    this.#onDecision = onDecision
  }

  get schedule(): Schedule {
    return this.#schedule
  }

  /** Decides from now on; what happened before counts. */
  start(): void {
    this.#isStarted = true
    this.decide()
  }

  /** Nothing that happens later counts. */
  stop(): void {
    this.#isOver = true
    clearTimeout(this.#timer)
  }

  happened(happening: Happening): void {
    if (this.#isOver) return
    this.#schedule = advance(this.#schedule, happening, performance.now(), this.#timing)
    this.decide()
  }

  /** Decides once more although nothing happened. */
  decide(): void {
    if (this.#isOver || !this.#isStarted) return
    clearTimeout(this.#timer)
    const decision = decide(this.#schedule, performance.now(), this.#timing)
    if (decision.kind === 'wait' && decision.until !== null)
      this.#timer = setTimeout(() => this.decide(), Math.max(1, decision.until - performance.now()))
    this.#onDecision(decision)
  }
}
