import type { Workspace } from '../../snapshot/workspace.js'
import { hasJumped, type Moment } from './clock.js'
import { outsideSignature, placeIdentity } from './surroundings.js'

export interface HeartbeatOptions {
  readonly workspace: Workspace
  readonly environment: NodeJS.ProcessEnv
  /** Milliseconds from one beat to the next. */
  readonly beat: number
  /** The root is gone, or another one stands in its place. */
  readonly onRootGone: () => void
  /** A file changed that no event of the work tree tells of. */
  readonly onOutsideChange: () => void
  /** The machine slept, or the clock was set. */
  readonly onJump: () => void
}

/** Looks, in a few system calls, at what no event tells. */
export class Heartbeat {
  readonly #options: HeartbeatOptions
  readonly #identity: string | null
  #timer: NodeJS.Timeout | undefined
  #moment: Moment = thisMoment()
  #outside: string | null = null

  constructor(options: HeartbeatOptions) {
    this.#options = options
    this.#identity = placeIdentity(options.workspace)
  }

  /** Whether the workspace is still the one that it was. */
  get isRootThere(): boolean {
    return this.#identity !== null && this.#identity === placeIdentity(this.#options.workspace)
  }

  async start(): Promise<void> {
    const { workspace, environment, beat } = this.#options
    this.#timer = setInterval(() => void this.#look(), beat)
    this.#outside = await outsideSignature(workspace, environment)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  async #look(): Promise<void> {
    const { workspace, environment, beat, onRootGone, onOutsideChange, onJump } = this.#options
    if (!this.isRootThere) return onRootGone()
    const [before, now] = [this.#moment, thisMoment()]
    this.#moment = now
    if (hasJumped(before, now, beat)) onJump()
    const [lastOutside, outside] = [this.#outside, await outsideSignature(workspace, environment)]
    this.#outside = outside
    if (lastOutside !== null && lastOutside !== outside) onOutsideChange()
  }
}

function thisMoment(): Moment {
  return { wall: Date.now(), steady: performance.now() }
}
