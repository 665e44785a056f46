import { type BundleLimits, DEFAULT_LIMITS, type OpenedBundle, openBundle } from '../bundle/reader.js'
import type { OperationCounts, TreeId } from '../delta/operation.js'
import { EMPTY_TREE } from '../support/git.js'
import { listTree, type TreeFile } from '../support/git-objects.js'
import { isMaintenanceDue, maintainRepository } from '../support/maintenance.js'
import { checkAgreement, findReplay, nextSequence } from './admission.js'
import { alone } from './alone.js'
import { commitBundle } from './commit-bundle.js'
import { exactCommit, follow, repair, type Step } from './follow.js'
import { knownWorkspaces, type Place, placeExists, placeOf } from './place.js'
import { type AppliedState, operationsSince, readApplied } from './record.js'
import { Turns } from './turns.js'

export interface EngineOptions {
  /** Where the repositories of the workspaces are. */
  readonly dataDirectory: string
  /** Where the plain files are: one folder for each workspace. */
  readonly mirrorDirectory: string
  readonly limits?: BundleLimits
  readonly now?: () => Date
}

export interface WorkspaceStatus {
  readonly workspacePath: string
  readonly collectionName: string | null
  readonly sequence: number
  readonly tree: TreeId
  readonly lastBundleId: string | null
  readonly lastUpload: string | null
  /** Operations that are applied but not in the mirror yet. */
  readonly pendingOperations: number
  readonly mirror: string
  /** The mirror is not what was applied: it is behind, gone, or may have lost files with the power. */
  readonly isMirrorBehind: boolean
  /** This process is bringing it forward. */
  readonly isMirrorFollowing: boolean
}

export interface IncomingBundle {
  /** The bundle as a file; it stays the caller's. */
  readonly path: string
  /** `sha256:` and the hash of the file. */
  readonly digest: string
  readonly bytes: number
  readonly workspacePath: string
  readonly collectionName: string | null
  /** What the client expects the sequence of this bundle to be; null: the manifest says, or the receiver numbers it. */
  readonly sequence: number | null
  /** Take the bundle even though its sequence is not the next one. */
  readonly force: boolean
  /** More bundles come: nobody waits for the mirror yet. */
  readonly moreFollow?: boolean
}

export interface AppliedAnswer {
  readonly bundleId: string
  readonly sequence: number
  readonly tree: TreeId
  readonly operations: OperationCounts
  /** The very same bundle had been applied before; nothing was done. */
  readonly isReplay: boolean
  readonly mirror: string
}

export interface WorkspaceListing {
  readonly tree: TreeId
  readonly sequence: number
  readonly files: readonly TreeFile[]
}

/**
 * The receiver: one bare repository for each workspace, one bundle at a time. A bundle is verified whole and becomes
 * one commit, or nothing changes at all (design.md "Receiver"; faults.md I10–I12).
 */
export class ReceiverEngine {
  readonly limits: BundleLimits
  readonly #options: EngineOptions
  /** Bundles are applied in the order in which they came. */
  readonly #uploads = new Turns()
  readonly #mirrors = new Turns()

  constructor(options: EngineOptions) {
    this.#options = options
    this.limits = options.limits ?? DEFAULT_LIMITS
  }

  async status(workspacePath: string): Promise<WorkspaceStatus> {
    const place = this.#place(workspacePath)
    const applied = await readIfPresent(place)
    const held = applied === null ? null : await exactCommit(place)
    const isMirrorBehind = applied !== null && held !== applied.commit
    return {
      workspacePath,
      collectionName: applied?.collectionName ?? null,
      sequence: applied?.sequence ?? 0,
      tree: applied?.tree ?? EMPTY_TREE,
      lastBundleId: applied?.bundleId ?? null,
      lastUpload: applied?.appliedAt ?? null,
      pendingOperations: isMirrorBehind ? await operationsSince(place.repository, held) : 0,
      mirror: place.mirror.directory,
      isMirrorBehind,
      isMirrorFollowing: this.#mirrors.isTaken(workspacePath),
    }
  }

  /** The files of a workspace, with the tree and the sequence that they belong to. */
  async list(workspacePath: string): Promise<WorkspaceListing> {
    const place = this.#place(workspacePath)
    const applied = await readIfPresent(place)
    if (applied === null) return { tree: EMPTY_TREE, sequence: 0, files: [] }
    return { tree: applied.tree, sequence: applied.sequence, files: await listTree(place.repository, applied.tree) }
  }

  /**
   * Verifies a bundle and applies it. Throws `bundle-refused` for what is invalid, `conflict` with the facts
   * `expected` and `received` where the sequence does not fit; nothing has changed then. The mirror is exact when
   * this returns, unless `moreFollow`: then it follows while the next bundle comes, see {@link mirrored}.
   */
  async apply(incoming: IncomingBundle): Promise<AppliedAnswer> {
    const place = this.#place(incoming.workspacePath)
    const answer = await this.#uploads.take(incoming.workspacePath, async () => {
      // Not before its turn: an announcement takes several times the memory of its bundle.
      const bundle = await openBundle(incoming.path, this.limits)
      checkAgreement(bundle, incoming)
      return await alone(place, async (applied) => await this.#applyNext(place, bundle, incoming, applied))
    })
    if (answer.isReplay) this.#follow(place)
    if (incoming.moreFollow !== true) await this.mirrored(incoming.workspacePath)
    return answer
  }

  async #applyNext(
    place: Place,
    bundle: OpenedBundle,
    incoming: IncomingBundle,
    applied: AppliedState | null,
  ): Promise<AppliedAnswer> {
    const replay = await findReplay(place, applied, bundle, incoming)
    if (replay !== null) return answerOf(replay, place, true)
    const sequence = nextSequence(applied, bundle, incoming)
    const appliedAt = (this.#options.now?.() ?? new Date()).toISOString()
    const admission = { applied, sequence, appliedAt, limits: this.limits }
    const { state, difference } = await commitBundle(place, bundle, incoming, admission)
    this.#follow(place, { from: applied?.commit ?? null, to: state.commit, difference })
    return answerOf(state, place, false)
  }

  /** Waits until the mirror has followed all that was applied so far in this process. Throws what went wrong last. */
  async mirrored(workspacePath: string): Promise<void> {
    await this.#mirrors.settled(workspacePath)
  }

  /** Finishes what a killed process left half done and makes every mirror exact; returns the workspaces' paths. */
  async repairAll(): Promise<string[]> {
    const paths = await knownWorkspaces(this.#options.dataDirectory)
    for (const path of paths) await this.repair(path)
    return paths
  }

  /** Clears what was interrupted in one workspace, and makes its mirror exact whatever is there. */
  async repair(workspacePath: string): Promise<void> {
    const place = this.#place(workspacePath)
    await alone(place, async () => undefined)
    await repair(place)
  }

  /** Brings the mirror of one workspace forward, where a process was killed before it did. */
  async catchUp(workspacePath: string): Promise<void> {
    this.#follow(this.#place(workspacePath))
    await this.mirrored(workspacePath)
  }

  /** Tidies the repository of a workspace up where that is due; nothing of it can be seen from outside. */
  async maintainIfDue(workspacePath: string): Promise<void> {
    const place = this.#place(workspacePath)
    if (!(await isMaintenanceDue(place.gitDirectory))) return
    await alone(place, async () => maintainRepository(place.gitDirectory, place.repository))
  }

  /** Begins to bring the mirror forward. What fails is told to who waits for it; the next time mends it. */
  #follow(place: Place, step?: Step): void {
    this.#mirrors.take(place.workspacePath, async () => await follow(place, step)).catch(() => undefined)
  }

  #place(workspacePath: string): Place {
    return placeOf(this.#options.dataDirectory, this.#options.mirrorDirectory, workspacePath)
  }
}

async function readIfPresent(place: Place): Promise<AppliedState | null> {
  return (await placeExists(place)) ? await readApplied(place.repository) : null
}

function answerOf(state: AppliedState, place: Place, isReplay: boolean): AppliedAnswer {
  const { bundleId, sequence, tree, operations } = state
  return { bundleId, sequence, tree, operations, isReplay, mirror: place.mirror.directory }
}
