import type { PushEvent } from '../../report/report.js'
import type { Workspace } from '../../snapshot/workspace.js'
import { isGitBusy } from '../git-activity.js'
import type { ControlRequest } from './control-place.js'
import type { Sight, WatchStatus } from './events.js'
import { Flushes } from './flushes.js'
import { Gate } from './gate.js'
import { type Journal, resultOf } from './journal.js'
import { Noise } from './noise.js'
import { pushOnce } from './push-once.js'
import { type Decision, isOnlyByChanges } from './schedule.js'
import { Senses } from './senses.js'
import type { Settings } from './settings.js'
import { standing, statusOf } from './state.js'
import { Timetable } from './timetable.js'
import { lookInterval, type WatchTiming } from './timing.js'

export interface SessionOptions {
  readonly workspace: Workspace
  readonly environment: NodeJS.ProcessEnv
  readonly settings: Settings
  readonly journal: Journal
  readonly timing: WatchTiming
  readonly pollingReason: string | null
  readonly since: string
  readonly signal: AbortSignal
}

export type SessionEnd = 'interrupted' | 'root gone'

/**
 * A watch of one workspace for as long as it stays where it is. It connects what happens (events, the clock, requests
 * of other processes) with the schedule, and does what that says.
 */
export class Session {
  readonly #options: SessionOptions
  readonly #timetable: Timetable
  readonly #senses: Senses
  readonly #noise = new Noise()
  readonly #flushes = new Flushes()
  readonly #ending = new AbortController()
  #pushing: Promise<void> = Promise.resolve()
  /** Of the last push. */
  #gate = new Gate(() => undefined)
  #end: (end: SessionEnd) => void = () => undefined
  #isOver = false

  constructor(options: SessionOptions) {
    this.#options = options
    this.#timetable = new Timetable(options.timing, (decision) => this.#decided(decision))
    this.#senses = new Senses({
      ...options,
      onChange: (path) => this.#changed(path),
      onSight: (sight) => this.#see(sight),
      onDoubt: (reason) => {
        if (reason !== null) options.journal.tell({ event: 'look', reason })
        this.#timetable.happened({ kind: 'look' })
      },
      onRootGone: () => this.#finish('root gone'),
    })
  }

  /** Runs until it is told to end, or its root is gone. */
  async run(): Promise<SessionEnd> {
    const { signal } = this.#options
    const interrupt = (): void => this.#finish('interrupted')
    const ended = new Promise<SessionEnd>((resolve) => {
      this.#end = resolve
    })
    signal.addEventListener('abort', interrupt, { once: true })
    if (signal.aborted) interrupt()
    try {
      await Promise.race([this.#senses.open(), ended])
      // Not before: what changed behind the back of a push would stay unseen.
      this.#timetable.start()
      return await ended
    } finally {
      signal.removeEventListener('abort', interrupt)
      await this.#close()
    }
  }

  /** What another process of the user asks. */
  async answer(request: ControlRequest): Promise<object> {
    if (request === 'pause') this.#timetable.happened({ kind: 'paused' })
    if (request === 'resume') this.#timetable.happened({ kind: 'resumed' })
    if (request !== 'flush') return this.status()
    const next = this.#flushes.next()
    this.#timetable.happened({ kind: 'flush' })
    const report = await next
    return { ...this.status(), report }
  }

  status(): WatchStatus {
    const { workspace, journal, since } = this.#options
    const { schedule } = this.#timetable
    return statusOf({ root: workspace.root, since, sight: this.#senses.sight, schedule, journal })
  }

  #see(sight: Sight): void {
    const { journal, workspace } = this.#options
    journal.tell({ event: 'watching', root: workspace.root, pid: process.pid, sight })
    // The next look was planned as if events would tell of everything until then.
    if (sight.by === 'polling') this.#timetable.happened({ kind: 'look' })
  }

  #changed(path: string | null): void {
    this.#senses.changed(path)
    this.#noise.changed(path)
    this.#timetable.happened({ kind: 'changed' })
  }

  #decided(decision: Decision): void {
    if (decision.kind === 'push' || (decision.kind === 'deliver' && this.#gate.isAsked)) {
      this.#goOn(decision)
      return
    }
    if (decision.kind === 'withdraw') this.#gate.answer(false)
    const { journal } = this.#options
    const { state, pending } = standing(this.#timetable.schedule, journal.trouble !== null)
    journal.state(state, pending)
  }

  /** Begins a push, or lets the one that waits deliver. */
  #goOn({ kind, evenIfGitIsBusy }: Extract<Decision, { evenIfGitIsBusy: boolean }>): void {
    const { git } = this.#options.workspace
    if (!evenIfGitIsBusy && git !== null && isGitBusy(git.gitDirectory)) {
      this.#timetable.happened({ kind: 'git is busy' })
    } else if (!this.#senses.isRootThere) {
      this.#finish('root gone')
    } else if (kind === 'push') {
      this.#pushing = this.#push()
    } else {
      this.#timetable.happened({ kind: 'came to rest' })
      this.#gate.answer(true)
    }
  }

  #atGate(): void {
    if (this.#isOver) this.#gate.answer(false)
    else if (this.#timetable.schedule.ahead === null) this.#gate.answer(true)
    else this.#timetable.decide()
  }

  async #push(): Promise<void> {
    const { schedule } = this.#timetable
    const byChanges = isOnlyByChanges(schedule, performance.now())
    this.#timetable.happened({ kind: 'push began' })
    this.#flushes.pushBegan()
    const { workspace, settings, journal, timing } = this.#options
    const { nextLook, failures } = schedule
    if ((await this.#noise.isAllThereWas(workspace, settings.last)) && byChanges && nextLook !== null) {
      return this.#timetable.happened({ kind: 'push ended', result: 'done', nextLook })
    }
    const onEvent = (event: PushEvent): void => {
      journal.tell(event)
      if (event.event === 'snapshot') this.#timetable.happened({ kind: 'looked', took: event.duration_ms })
      if (event.event === 'delta') this.#timetable.happened({ kind: 'push found' })
    }
    const gate = new Gate(() => this.#atGate())
    this.#gate = gate
    const report = await pushOnce(workspace, settings, failures, gate, { signal: this.#ending.signal, onEvent })
    // What failed on the way to the gate is not told before its time either.
    if (!(await gate.mayDeliver())) {
      this.#noise.withdrawn()
      return this.#timetable.happened({ kind: 'push withdrawn' })
    }
    if (!this.#senses.isRootThere) this.#finish('root gone')
    if (this.#isOver) return
    journal.pushed(report)
    this.#noise.pushed(byChanges, report.outcome === 'unchanged')
    await this.#senses.keep()
    // First, because the next push may begin at once, and those who wait for that one are others.
    this.#flushes.pushEnded(report)
    const next = performance.now() + lookInterval(this.#senses.sight, report.duration_ms, timing)
    this.#timetable.happened({ kind: 'push ended', result: resultOf(report.error), nextLook: next })
  }

  #finish(end: SessionEnd): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#timetable.stop()
    this.#ending.abort()
    this.#gate.answer(false)
    this.#end(end)
  }

  async #close(): Promise<void> {
    await this.#senses.close()
    await this.#pushing
    this.#flushes.end()
  }
}
