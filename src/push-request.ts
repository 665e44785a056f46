import type { Config } from './config/config.js'
import type { TreeId } from './delta/operation.js'
import type { PushEvent } from './report/report.js'
import type { Trigger } from './snapshot/confirmed.js'
import type { Workspace } from './snapshot/workspace.js'

export interface PushRequest {
  readonly workspace: Workspace
  readonly config: Config
  /** Overwrite what another writer left at the receiver; push a folder that holds more than one project. */
  readonly force: boolean
  /** Send everything, whatever the receiver has. */
  readonly full: boolean
  /** Delete most of what the receiver has; without it that is taken for an accident. */
  readonly allowMassDelete: boolean
  /** Say what would be sent, and send nothing. */
  readonly dryRun: boolean
  /** Push this commit instead of the work tree. */
  readonly commit: string | null
  /** What the log says that this push was for; `manual` where it is not said. */
  readonly trigger?: Trigger
  /** Push this snapshot, which was taken earlier, instead of taking one. */
  readonly snapshot?: TreeId
  /**
   * The commit that the receiver holds, as the user says. It counts only where neither a record here nor the receiver
   * itself can tell, and everything would have to be sent.
   */
  readonly base?: string
}

/** A push as it is where nobody asks for more: it overrides no guard, and looks at the work tree. */
export const CAREFUL = { force: false, full: false, allowMassDelete: false, dryRun: false, commit: null } as const

export interface PushContext {
  readonly signal: AbortSignal
  readonly onEvent: (event: PushEvent) => void
  /**
   * Asked once there is a snapshot, which may be earlier than it is to be delivered: resolves when it may. With false it
   * may not, and the push fails with `interrupted`.
   */
  readonly mayDeliver?: () => Promise<boolean>
}
