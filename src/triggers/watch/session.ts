import type { PushReport } from '../../report/report.js'
import type { Workspace } from '../../snapshot/workspace.js'
import { DeltaError } from '../../support/errors.js'
import { isGitBusy } from '../git-activity.js'
import type { ControlRequest } from './control-place.js'
import type { WatchEvent, WatchState, WatchStatus } from './events.js'
import { Heartbeat } from './heartbeat.js'
import { type Journal, resultOf } from './journal.js'
import { Lookout } from './lookout.js'
import { pushOnce } from './push-once.js'
import { Rules } from './rules.js'
import { advance, decide, type Happening, isPending, newSchedule, type Schedule, type Timing } from './schedule.js'
import type { Settings } from './settings.js'

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

/** All in milliseconds. */
export interface WatchTiming extends Timing {
  /** How often the clock, the root and files outside of it are looked at. */
  readonly beat: number
  /** The longest time without a look, where the system tells of changes. */
  readonly fullLook: number
  /** The same where it does not: a multiple of what a look takes, within these bounds. */
  readonly poll: { readonly least: number; readonly most: number }
}

export type SessionEnd = 'interrupted' | 'root gone'

/** Polling takes at most a tenth of the time. */
const POLL_FACTOR = 10

interface Flusher {
  readonly resolve: (report: PushReport) => void
  readonly reject: (error: DeltaError) => void
}

/**
 * A watch of one workspace for as long as it stays where it is. It connects what happens (events, the clock, requests
 * of other processes) with the schedule, and does what that says.
 */
export class Session {
  readonly #options: SessionOptions
  readonly #lookout: Lookout
  readonly #rules = new Rules()
  readonly #heartbeat: Heartbeat
  readonly #ending = new AbortController()
  #schedule: Schedule = newSchedule(performance.now())
  #timer: NodeJS.Timeout | undefined
  #pushing: Promise<void> = Promise.resolve()
  #flushers: Flusher[] = []
  #end: (end: SessionEnd) => void = () => undefined
  #isOver = false

  constructor(options: SessionOptions) {
    this.#options = options
    const { workspace, environment, pollingReason, journal, timing } = options
    this.#lookout = new Lookout({
      workspace,
      pollingReason,
      onChange: (path) => this.#changed(path),
      onSight: (sight) => journal.tell({ event: 'watching', root: workspace.root, pid: process.pid, sight }),
    })
    this.#heartbeat = new Heartbeat({
      workspace,
      environment,
      beat: timing.beat,
      onRootGone: () => this.#finish('root gone'),
      onOutsideChange: () => {
        this.#rules.changedOutside()
        this.#happened({ kind: 'changed' })
      },
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
    return {
      event: 'watch-status',
      pid: process.pid,
      root: workspace.root,
      receiver: journal.receiver,
      since,
      state: this.#state(),
      pending: this.#isPending(),
      sight: this.#lookout.sight,
      pushes: journal.pushes,
      last_push: journal.lastPush,
      trouble: journal.trouble,
    }
  }

  #state(): WatchState {
    const { isPushing, isPaused, gitBusyAt, failures, unseen } = this.#schedule
    if (isPushing) return 'pushing'
    if (isPaused) return 'paused'
    if (failures > 0) return 'retrying'
    if (gitBusyAt !== null) return 'waiting for git'
    if (unseen !== null) return 'changed'
    return this.#options.journal.trouble === null ? 'equal' : 'stopped'
  }

  /** A push that was interrupted, or that failed, leaves something to do. */
  #isPending(): boolean {
    return isPending(this.#schedule) || this.#options.journal.trouble !== null
  }

  #happened(happening: Happening): void {
    if (this.#isOver) return
    this.#schedule = advance(this.#schedule, happening, performance.now(), this.#options.timing)
    this.#step()
  }

  #changed(path: string | null): void {
    this.#rules.changed(path)
    this.#happened({ kind: 'changed' })
  }

  #step(): void {
    if (this.#isOver) return
    clearTimeout(this.#timer)
    const { workspace, journal, timing } = this.#options
    const decision = decide(this.#schedule, performance.now(), timing)
    if (decision.kind === 'wait') {
      if (decision.until !== null)
        this.#timer = setTimeout(() => this.#step(), Math.max(1, decision.until - performance.now()))
      journal.state(this.#state(), this.#isPending())
    } else if (!decision.evenIfGitIsBusy && workspace.git !== null && isGitBusy(workspace.git.gitDirectory)) {
      this.#happened({ kind: 'git is busy' })
    } else if (this.#heartbeat.isRootThere) {
      this.#pushing = this.#push()
    } else {
      this.#finish('root gone')
    }
  }

  async #push(): Promise<void> {
    this.#happened({ kind: 'push began' })
    const flushers = this.#flushers.splice(0)
    const { workspace, settings, journal } = this.#options
    const context = { signal: this.#ending.signal, onEvent: (event: WatchEvent) => journal.tell(event) }
    const report = await pushOnce(workspace, settings, this.#schedule.failures, context)
    if (!this.#heartbeat.isRootThere) this.#finish('root gone')
    if (this.#isOver) {
      for (const { reject } of flushers) reject(watchEnded())
      return
    }
    journal.pushed(report)
    if (await this.#keepLookout()) this.#happened({ kind: 'look' })
    this.#happened({ kind: 'push ended', result: resultOf(report.error), nextLook: this.#nextLook(report) })
    for (const { resolve } of flushers) resolve(report)
  }

  /** Looks at what the rules leave, now that a push has applied them. Returns whether another look is due. */
  async #keepLookout(): Promise<boolean> {
    const { settings, timing } = this.#options
    const config = settings.last
    if (config === null || !this.#rules.isRefreshDue(config.exclude, performance.now(), timing.fullLook)) return false
    this.#rules.refreshed(config.exclude, performance.now())
    return await this.#lookout.refresh(config)
  }

  #nextLook({ duration_ms }: PushReport): number {
    const { poll, fullLook } = this.#options.timing
    const interval =
      this.#lookout.sight?.by === 'events'
        ? fullLook
        : Math.min(poll.most, Math.max(poll.least, duration_ms * POLL_FACTOR))
    return performance.now() + interval
  }

  async #flush(): Promise<object> {
    const report = await new Promise<PushReport>((resolve, reject) => {
      if (this.#isOver) reject(watchEnded())
      this.#flushers.push({ resolve, reject })
      this.#happened({ kind: 'flush' })
    })
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
    this.#lookout.close()
    for (const { reject } of this.#flushers.splice(0)) reject(watchEnded())
    await this.#pushing
  }
}

function watchEnded(): DeltaError {
  return new DeltaError('interrupted', 'The watch ended meanwhile.')
}
