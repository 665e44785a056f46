import type { PushEvent } from '../../report/report.js'
import type { Workspace } from '../../snapshot/workspace.js'
import { isGitBusy } from '../git-activity.js'
import type { ControlRequest } from './control-place.js'
import type { Sight, WatchStatus } from './events.js'
import { Flushes } from './flushes.js'
import { Heartbeat } from './heartbeat.js'
import { type Journal, resultOf } from './journal.js'
import { Noise } from './noise.js'
import { pushOnce } from './push-once.js'
import { advance, decide, type Happening, isOnlyByChanges, newSchedule, type Schedule } from './schedule.js'
import type { Settings } from './settings.js'
import { standing, statusOf } from './state.js'
import { lookInterval, type WatchTiming } from './timing.js'
import { View } from './view.js'

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
  readonly #view: View
  readonly #noise = new Noise()
  readonly #flushes = new Flushes()
  readonly #heartbeat: Heartbeat
  readonly #ending = new AbortController()
  #schedule: Schedule = newSchedule(performance.now())
  #timer: NodeJS.Timeout | undefined
  #pushing: Promise<void> = Promise.resolve()
  #end: (end: SessionEnd) => void = () => undefined
  /** Before that no push is made: what changed behind its back would stay unseen. */
  #isLooking = false
  #isOver = false

  constructor(options: SessionOptions) {
    this.#options = options
    const { workspace, environment, pollingReason, journal, timing } = options
    this.#view = new View({
      workspace,
      pollingReason,
      settings: options.settings,
      longest: timing.fullLook,
      onChange: (path) => this.#changed(path),
      onSight: (sight) => this.#see(sight),
      onMissed: () => this.#happened({ kind: 'look' }),
    })
    this.#heartbeat = new Heartbeat({
      workspace,
      environment,
      beat: timing.beat,
      onRootGone: () => this.#finish('root gone'),
      onOutsideChange: () => this.#changed(null),
      onJump: () => {
        journal.tell({ event: 'look', reason: 'the clock jumped' })
        this.#happened({ kind: 'look' })
      },
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
      await this.#heartbeat.start()
      await Promise.race([this.#view.open(), ended])
      this.#isLooking = true
      this.#step()
      return await ended
    } finally {
      signal.removeEventListener('abort', interrupt)
      await this.#close()
    }
  }

  /** What another process of the user asks. */
  async answer(request: ControlRequest): Promise<object> {
    if (request === 'pause') this.#happened({ kind: 'paused' })
    if (request === 'resume') this.#happened({ kind: 'resumed' })
    if (request === 'flush') return await this.#flush()
    return this.status()
  }

  status(): WatchStatus {
    const { workspace, journal, since } = this.#options
    return statusOf({ root: workspace.root, since, sight: this.#view.sight, schedule: this.#schedule, journal })
  }

  #happened(happening: Happening): void {
    if (this.#isOver) return
    this.#schedule = advance(this.#schedule, happening, performance.now(), this.#options.timing)
    this.#step()
  }

  #see(sight: Sight): void {
    const { journal, workspace } = this.#options
    journal.tell({ event: 'watching', root: workspace.root, pid: process.pid, sight })
    // The next look was planned as if events would tell of everything until then.
    if (sight.by === 'polling') this.#happened({ kind: 'look' })
  }

  #changed(path: string | null): void {
    this.#view.changed(path)
    this.#noise.changed(path)
    this.#happened({ kind: 'changed' })
  }

  #step(): void {
    if (this.#isOver || !this.#isLooking) return
    clearTimeout(this.#timer)
    const { workspace, journal, timing } = this.#options
    const decision = decide(this.#schedule, performance.now(), timing)
    if (decision.kind === 'wait') {
      if (decision.until !== null)
        this.#timer = setTimeout(() => this.#step(), Math.max(1, decision.until - performance.now()))
      const { state, pending } = standing(this.#schedule, journal.trouble !== null)
      journal.state(state, pending)
    } else if (!decision.evenIfGitIsBusy && workspace.git !== null && isGitBusy(workspace.git.gitDirectory)) {
      this.#happened({ kind: 'git is busy' })
    } else if (this.#heartbeat.isRootThere) {
      this.#pushing = this.#push()
    } else {
      this.#finish('root gone')
    }
  }

  async #push(): Promise<void> {
    const byChanges = isOnlyByChanges(this.#schedule, performance.now())
    this.#happened({ kind: 'push began' })
    this.#flushes.pushBegan()
    const { workspace, settings, journal, timing } = this.#options
    const { nextLook } = this.#schedule
    if ((await this.#noise.isAllThereWas(workspace, settings.last)) && byChanges && nextLook !== null) {
      return this.#happened({ kind: 'push ended', result: 'done', nextLook })
    }
    const onEvent = (event: PushEvent): void => {
      journal.tell(event)
      if (event.event === 'delta') this.#happened({ kind: 'push found' })
    }
    const context = { signal: this.#ending.signal, onEvent }
    const report = await pushOnce(workspace, settings, this.#schedule.failures, context)
    if (!this.#heartbeat.isRootThere) this.#finish('root gone')
    if (this.#isOver) return
    journal.pushed(report)
    this.#noise.pushed(byChanges, report.outcome === 'unchanged')
    await this.#view.keep()
    const interval = lookInterval(this.#view.sight, report.duration_ms, timing)
    // First, because the next push may begin at once, and those who wait for that one are others.
    this.#flushes.pushEnded(report)
    this.#happened({ kind: 'push ended', result: resultOf(report.error), nextLook: performance.now() + interval })
  }

  async #flush(): Promise<object> {
    const next = this.#flushes.next()
    if (this.#isOver) this.#flushes.end()
    this.#happened({ kind: 'flush' })
    const report = await next
    return { ...this.status(), report }
  }

  #finish(end: SessionEnd): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#ending.abort()
    this.#end(end)
  }

  async #close(): Promise<void> {
    clearTimeout(this.#timer)
    this.#heartbeat.stop()
    await this.#view.close()
    await this.#pushing
    this.#flushes.end()
  }
}
