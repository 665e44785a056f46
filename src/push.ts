import { createHash, randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { runAfterPush } from './after-push.js'
import type { Config } from './config/config.js'
import type { SynchroniseContext, SynchroniseOptions } from './delivery/job.js'
import { Outbox } from './delivery/outbox.js'
import { deltaOf } from './delivery/prepare.js'
import type { Receiver } from './delivery/receiver.js'
import { DEFAULT_RETRY } from './delivery/retry.js'
import { askStatus, type SynchroniseResult, synchronise } from './delivery/synchronise.js'
import { countOperations, type Operation, type TreeId } from './delta/operation.js'
import { type Identity, identityOf, localReceiver, receiverFor } from './identity.js'
import { forgetBackgroundFailure } from './report/background.js'
import { failedReport, type PushEvent, type PushReport, reportedError, reportedOperations } from './report/report.js'
import { snapshotOfCommit } from './snapshot/commit-snapshot.js'
import { readConfirmed, type Trigger } from './snapshot/confirmed.js'
import type { Skipped } from './snapshot/eligibility.js'
import { ignoredFiles, type Snapshot, type SnapshotOptions, takeSnapshot } from './snapshot/scan.js'
import { guardAgainstSecrets, SecretScan } from './snapshot/secret-scan.js'
import { secretMatcher } from './snapshot/secrets.js'
import { clearInterrupted, forgetIndex, openShadow, type Shadow } from './snapshot/shadow.js'
import { guardAgainstUnsafeRoot } from './snapshot/unsafe-root.js'
import type { Workspace } from './snapshot/workspace.js'
import { asDeltaError, DeltaError } from './support/errors.js'
import { EMPTY_TREE } from './support/git.js'
import { type Lock, type LockHolder, takeLock } from './support/lock.js'

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
}

export interface PushContext {
  readonly signal: AbortSignal
  readonly onEvent: (event: PushEvent) => void
}

/** Another push is usually over in a moment. */
const PATIENCE_WITH_OTHERS = 3000

/** Bounds of one bundle: small enough to be kept in memory's reach by any server, large enough to be few. */
const BUNDLE_LIMITS = { operations: 4_000, bytes: 32 * 1024 * 1024 }

/**
 * The pipeline, and the only place that knows its order:
 *
 *     lock → snapshot → [ask the receiver → decide → delta → plan → bundle → outbox → deliver → confirm] → afterPush
 *
 * The part in brackets is `synchronise`. Every durable write is made in the order that docs/architecture.md lists, so a
 * process may be killed between any two of them. Never throws: what went wrong is in the report.
 */
export async function push(request: PushRequest, context: PushContext): Promise<PushReport> {
  const started = performance.now()
  const controller = new AbortController()
  const signal = AbortSignal.any([context.signal, controller.signal])
  const identity = identityOf(request.workspace, request.config)
  try {
    if (request.workspace.stateNotice !== null)
      context.onEvent({ event: 'notice', message: request.workspace.stateNotice })
    if (!request.force && request.commit === null) await guardAgainstUnsafeRoot(request.workspace, process.env)
    const shadow = await openShadow(request.workspace)
    const lock = await takePushLock(shadow)
    try {
      await clearInterrupted(shadow)
      const report = await withLostObjectsRestored(shadow, context, () =>
        run(request, identity, shadow, lock, { ...context, signal }),
      )
      if (report.error === null && !request.dryRun) await forgetBackgroundFailure(shadow.directory)
      return { ...report, duration_ms: elapsed(started) }
    } finally {
      await lock.release()
    }
  } catch (thrown) {
    const receiver = request.config.endpoint ?? 'embedded receiver'
    return failedReport({
      workspace: identity.workspacePath,
      receiver,
      error: asDeltaError(thrown),
      duration: elapsed(started),
    })
  } finally {
    controller.abort()
  }
}

/** The shadow repository for ourselves alone. Throws `already-running`. */
export async function takePushLock(shadow: Shadow): Promise<Lock> {
  const file = join(shadow.directory, 'push.lock')
  const busy = (holder: LockHolder): DeltaError => alreadyRunning(file, holder)
  return await takeLock(file, { milliseconds: PATIENCE_WITH_OTHERS, busy })
}

/** Objects that the shadow borrowed may be gone: then everything is read and stored anew, once. */
async function withLostObjectsRestored<Result>(
  shadow: Shadow,
  context: PushContext,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work()
  } catch (thrown) {
    if (!(thrown instanceof DeltaError) || thrown.code !== 'objects-missing') throw thrown
    context.onEvent({ event: 'notice', message: 'Objects that git had were removed; every file is read again.' })
    await forgetIndex(shadow)
    return await work()
  }
}

async function run(
  request: PushRequest,
  identity: Identity,
  shadow: Shadow,
  lock: Lock,
  context: PushContext,
): Promise<PushReport> {
  const startedAt = new Date()
  const receiver = await receiverFor(request.config, identity)
  const delivery = deliveryContext(request.config, context)
  const asked = request.dryRun ? null : askStatus(receiver, delivery)
  // It is awaited after the snapshot, which runs meanwhile.
  asked?.catch(() => undefined)
  const { snapshot, commit } = await timedSnapshot(request, shadow, context)
  if (asked === null) return await dryRun(request, identity, shadow, receiver, snapshot, commit)
  const job = {
    shadow,
    lock,
    target: snapshot.tree,
    options: synchroniseOptions(request, identity, startedAt),
    context: delivery,
  }
  const result = await synchronise({ ...job, receiver, outbox: outboxOf(shadow, receiver) }, asked)
  const report = reportOf(identity, receiver, snapshot, commit, result)
  const applied = await announce(request, report, result.operations, context)
  if (result.outcome !== 'queued' || request.config.fallback !== 'local' || request.config.endpoint === null)
    return applied
  const local = localReceiver(request.config, identity)
  const localResult = await synchronise(
    { ...job, receiver: local, outbox: outboxOf(shadow, local) },
    askStatus(local, delivery),
  )
  const fallback = await announce(
    request,
    reportOf(identity, local, snapshot, commit, localResult),
    localResult.operations,
    context,
  )
  return { ...applied, fallback }
}

async function timedSnapshot(
  request: PushRequest,
  shadow: Shadow,
  context: PushContext,
): Promise<{ snapshot: Snapshot; commit: string | null }> {
  const started = performance.now()
  const options = snapshotOptions(request.config)
  const result = await snapshotOf(request, shadow, options)
  const { tree, skipped } = result.snapshot
  for (const message of options.rules.secretScan.warnings) context.onEvent({ event: 'notice', message })
  if (request.config.secretScan === 'block' && !request.dryRun) guardAgainstSecrets(skipped)
  context.onEvent({ event: 'snapshot', tree, skipped: skipped.length, duration_ms: elapsed(started) })
  return result
}

export async function snapshotOf(
  request: Pick<PushRequest, 'workspace' | 'config' | 'commit' | 'snapshot'>,
  shadow: Shadow,
  options: SnapshotOptions,
): Promise<{ snapshot: Snapshot; commit: string | null }> {
  if (request.snapshot !== undefined) return { snapshot: { tree: request.snapshot, skipped: [] }, commit: null }
  if (request.commit !== null) {
    const snapshot = await snapshotOfCommit(shadow, request.commit, options)
    return { snapshot, commit: snapshot.commit }
  }
  if (request.workspace.kind !== 'bare') return { snapshot: await takeSnapshot(shadow, options), commit: null }
  throw new DeltaError('not-a-repository', 'A bare repository has no work tree to push.', {
    facts: { root: request.workspace.root },
    next: 'Name a commit, for example: --commit HEAD',
  })
}

export function snapshotOptions(config: Config): SnapshotOptions {
  const { maxFileBytes, binaries, secretNames, allowedNames, exclude, nestedRepositories } = config
  const { secretScan, acceptedSecrets } = config
  const facts = JSON.stringify([maxFileBytes, binaries, secretNames, allowedNames, secretScan, acceptedSecrets])
  const isSecret = secretMatcher(secretNames, allowedNames)
  return {
    rules: { maxFileBytes, binaries, isSecret, secretScan: new SecretScan(secretScan, acceptedSecrets) },
    rulesFingerprint: createHash('sha256').update(facts).digest('hex'),
    exclude,
    nestedRepositories,
  }
}

export function outboxOf(shadow: Shadow, receiver: Receiver): Outbox {
  return new Outbox(join(shadow.directory, 'outbox', receiver.key))
}

function synchroniseOptions(request: PushRequest, identity: Identity, startedAt: Date): SynchroniseOptions {
  const { force, full, allowMassDelete, trigger = 'manual' } = request
  return { ...identity, force, full, allowMassDelete, trigger, startedAt, limits: BUNDLE_LIMITS }
}

export function deliveryContext(config: Config, context: PushContext): SynchroniseContext {
  const { onEvent, signal } = context
  return {
    policy: { ...DEFAULT_RETRY, retries: config.maxRetries },
    signal,
    now: () => new Date(),
    randomId: randomUUID,
    random: Math.random,
    sleep: async (milliseconds, until) => await wait(milliseconds, undefined, { signal: until }),
    onRetry: ({ attempt, delay, error }) =>
      onEvent({ event: 'retry', attempt, delay_ms: delay, message: error.message }),
    onNotice: (message) => onEvent({ event: 'notice', message }),
    onBundle: ({ bundleId: id, sequence, bytes, operations }) =>
      onEvent({ event: 'bundle', id, sequence, bytes, operations }),
    onConfirmed: ({ bundleId: id, sequence }, tree) => onEvent({ event: 'confirmed', id, sequence, tree }),
  }
}

async function dryRun(
  request: PushRequest,
  identity: Identity,
  shadow: Shadow,
  receiver: Receiver,
  snapshot: Snapshot,
  commit: string | null,
): Promise<PushReport> {
  const confirmed = await readConfirmed(shadow, receiver.key)
  const { operations } = await deltaOf(
    shadow,
    request.full ? EMPTY_TREE : (confirmed?.tree ?? EMPTY_TREE),
    snapshot.tree,
  )
  const isWorkTree = request.commit === null
  const ignored: Skipped[] = isWorkTree ? await ignoredFiles(shadow, request.config.exclude) : []
  return {
    event: 'report',
    outcome: 'dry-run',
    workspace: identity.workspacePath,
    receiver: receiver.name,
    sequence: confirmed?.sequence ?? null,
    tree: snapshot.tree,
    receiver_tree: null,
    commit,
    operations: countOperations(operations),
    bundles: [],
    skipped: [...snapshot.skipped, ...ignored],
    mirror: null,
    plan: reportedOperations(operations),
    error: null,
    duration_ms: 0,
  }
}

function reportOf(
  identity: Identity,
  receiver: Receiver,
  snapshot: Snapshot,
  commit: string | null,
  result: SynchroniseResult,
): PushReport {
  return {
    event: 'report',
    outcome: result.outcome,
    workspace: identity.workspacePath,
    receiver: receiver.name,
    sequence: result.sequence,
    tree: snapshot.tree,
    receiver_tree: result.receiverTree,
    commit,
    operations: result.counts,
    bundles: result.bundles.map(({ bundleId, sequence, bytes }) => ({ id: bundleId, sequence, bytes })),
    skipped: snapshot.skipped,
    mirror: result.mirror,
    error: result.error === null ? null : reportedError(result.error),
    duration_ms: 0,
  }
}

/** Tells the user's own command what was applied. That it fails does not undo the push, so it is only reported. */
async function announce(
  request: PushRequest,
  report: PushReport,
  operations: readonly Operation[],
  context: PushContext,
): Promise<PushReport> {
  const command = request.config.afterPush
  if (command === null || report.outcome !== 'confirmed') return report
  const started = performance.now()
  const { workspace: workspace_path, sequence, tree, mirror } = report
  const input = { workspace_path, sequence, tree, mirror, operations: reportedOperations(operations) }
  const directory = request.workspace.root
  try {
    const exitCode = await runAfterPush(command, input, directory, context.signal)
    context.onEvent({ event: 'after-push', exit_code: exitCode, duration_ms: elapsed(started) })
    if (exitCode === 0) return report
    throw new DeltaError(
      'after-push-failed',
      `The changes were applied, but afterPush ended with exit code ${exitCode}.`,
      {
        facts: { exit_code: exitCode },
        next: 'Its output is above.',
      },
    )
  } catch (thrown) {
    return { ...report, error: reportedError(asDeltaError(thrown)) }
  }
}

function alreadyRunning(lockFile: string, holder: LockHolder): DeltaError {
  const { pid, host, since } = holder
  const elsewhere = `Wait for it to end. If that machine is gone, delete ${lockFile}`
  return new DeltaError('already-running', `Another push of this workspace is running (process ${pid} on ${host}).`, {
    facts: { pid, host, since, lock: lockFile },
    next: host === hostname() ? 'Wait for it to end; it sends your changes, or the next push does.' : elsewhere,
  })
}

function elapsed(since: number): number {
  return Math.round(performance.now() - since)
}
