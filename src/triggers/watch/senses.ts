import type { Workspace } from '../../snapshot/workspace.js'
import type { Sight } from './events.js'
import { Heartbeat } from './heartbeat.js'
import type { Settings } from './settings.js'
import type { WatchTiming } from './timing.js'
import { View } from './view.js'

export interface SensesOptions {
  readonly workspace: Workspace
  readonly environment: NodeJS.ProcessEnv
  readonly settings: Settings
  readonly timing: WatchTiming
  readonly pollingReason: string | null
  /** Something changed at this path, or, with null, somewhere. */
  readonly onChange: (path: string | null) => void
  readonly onSight: (sight: Sight) => void
  /** Something may have changed that nobody told of; the reason, where it is worth to be told. */
  readonly onDoubt: (reason: string | null) => void
  readonly onRootGone: () => void
}

/** All by which a watch notices that something happened: the events of the system, and a look at what they do not tell. */
export class Senses {
  readonly #view: View
  readonly #heartbeat: Heartbeat

  constructor(options: SensesOptions) {
    const { workspace, environment, settings, timing, pollingReason, onChange, onSight, onDoubt, onRootGone } = options
    this.#view = new View({
      workspace,
      pollingReason,
      settings,
      longest: timing.fullLook,
      onChange,
      onSight,
      onMissed: () => onDoubt(null),
    })
    this.#heartbeat = new Heartbeat({
      workspace,
      environment,
      beat: timing.beat,
      onRootGone,
      onOutsideChange: () => onChange(null),
      onJump: () => onDoubt('the clock jumped'),
    })
  }

  get sight(): Sight | null {
    return this.#view.sight
  }

  /** Whether the workspace is still the one that it was. */
  get isRootThere(): boolean {
    return this.#heartbeat.isRootThere
  }

  /** What changes from the end of it on is told. */
  async open(): Promise<void> {
    await Promise.all([this.#heartbeat.start(), this.#view.open()])
  }

  changed(path: string | null): void {
    this.#view.changed(path)
  }

  /** Looks at what the rules leave, now that a push has applied them. */
  async keep(): Promise<void> {
    await this.#view.keep()
  }

  async close(): Promise<void> {
    this.#heartbeat.stop()
    await this.#view.close()
  }
}
