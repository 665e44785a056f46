import type { PushReport, ReportedError } from '../../report/report.js'
import { exitCodeOf } from '../../support/errors.js'
import type { LastPush, Trouble, WatchEvent, WatchState } from './events.js'
import type { PushResult } from './schedule.js'

/** Failures that stay until somebody changes something; all others may pass by themselves. */
const STANDING: ReadonlySet<string> = new Set([
  'after-push-failed',
  'bundle-refused',
  'bundle-too-large',
  'configuration-invalid',
  'conflict',
  'git-missing',
  'guard-stopped',
  'not-a-repository',
  'not-authorised',
  'repository-not-trusted',
  'state-of-newer-version',
  'usage',
  'workspace-unknown',
])

export function resultOf(error: ReportedError | null): PushResult {
  if (error === null) return 'done'
  return STANDING.has(error.code) ? 'standing' : 'passing'
}

/**
 * What counts as the same trouble. A server that is down shows in several ways, a guard counts other files each time; a
 * configuration that is corrected in one place may be wrong in the next.
 */
function familyOf({ code, message }: ReportedError): string {
  if (code === 'configuration-invalid') return `${code} ${message}`
  return STANDING.has(code) ? code : String(exitCodeOf(code))
}

/** Another push of the same workspace is nothing to tell of, unless it seems to go on for ever. */
const MOST_SILENT_FAILURES = 8

/**
 * What happened so far, and what was told of it: a trouble once when it begins and once when it is over, however long
 * it lasts.
 */
export class Journal {
  readonly #onEvent: (event: WatchEvent) => void
  readonly #now: () => Date
  #trouble: Trouble | null = null
  #isTold = false
  #silentFailures = 0
  #state: { readonly state: WatchState; readonly pending: boolean } | null = null
  lastPush: LastPush | null = null
  pushes = 0
  receiver: string | null = null

  constructor(onEvent: (event: WatchEvent) => void, now: () => Date) {
    this.#onEvent = onEvent
    this.#now = now
  }

  get trouble(): Trouble | null {
    return this.#trouble
  }

  tell(event: WatchEvent): void {
    this.#onEvent(event)
  }

  state(state: WatchState, pending: boolean): void {
    if (this.#state?.state === state && this.#state.pending === pending) return
    this.#state = { state, pending }
    this.#onEvent({ event: 'state', state, pending })
  }

  pushed(report: PushReport): void {
    const { outcome, sequence, tree, operations, duration_ms, error } = report
    this.receiver = report.receiver
    if (outcome === 'confirmed' || outcome === 'unchanged') {
      this.lastPush = { at: this.#now().toISOString(), outcome, sequence, tree, operations, duration_ms }
      if (outcome === 'confirmed') this.pushes++
    }
    if (error === null) this.#recover()
    this.#onEvent(report)
    if (error !== null) this.failed(error)
  }

  failed(error: ReportedError): void {
    if (this.#trouble === null || familyOf(this.#trouble.error) !== familyOf(error)) {
      this.#trouble = { since: this.#now().toISOString(), error }
      this.#isTold = false
      this.#silentFailures = 0
    }
    const isSilent = error.code === 'already-running' && ++this.#silentFailures < MOST_SILENT_FAILURES
    if (this.#isTold || isSilent) return
    this.#isTold = true
    this.#onEvent({ event: 'trouble', error })
  }

  #recover(): void {
    const trouble = this.#trouble
    this.#trouble = null
    if (trouble === null || !this.#isTold) return
    this.#isTold = false
    const duration_ms = this.#now().getTime() - Date.parse(trouble.since)
    this.#onEvent({ event: 'recovered', code: trouble.error.code, duration_ms })
  }
}
