import type { Config } from '../config/config.js'
import type { Receiver } from '../delivery/receiver.js'
import { type Identity, identityOf, receiverFor } from '../identity.js'
import { snapshotOf, snapshotOptions, takePushLock } from '../preparation.js'
import type { Snapshot } from '../snapshot/scan.js'
import { clearInterrupted, openShadow, type Shadow } from '../snapshot/shadow.js'
import type { Workspace } from '../snapshot/workspace.js'

/** A workspace and its receiver, to be looked at. Nothing is changed at either. */
export interface View {
  readonly workspace: Workspace
  readonly config: Config
  readonly identity: Identity
  readonly shadow: Shadow
  readonly receiver: Receiver
  /** Look at this commit instead of the work tree. */
  readonly commit: string | null
}

export async function openView(workspace: Workspace, config: Config, commit: string | null = null): Promise<View> {
  const identity = identityOf(workspace, config)
  const [shadow, receiver] = await Promise.all([openShadow(workspace), receiverFor(config, identity)])
  return { workspace, config, identity, shadow, receiver, commit }
}

/** The work tree as it is now, or the commit that is looked at instead. Throws `already-running` while a push has the shadow repository for itself. */
export async function snapshotNow({ workspace, config, shadow, commit }: View): Promise<Snapshot> {
  const lock = await takePushLock(shadow)
  try {
    await clearInterrupted(shadow)
    const { snapshot } = await snapshotOf({ workspace, config, commit }, shadow, snapshotOptions(config))
    return snapshot
  } finally {
    await lock.release()
  }
}
