import { runAfterPush } from './after-push.js'
import { askStatus } from './delivery/ask-status.js'
import type { SynchroniseOptions } from './delivery/job.js'
import { synchronise } from './delivery/synchronise.js'
import type { Operation, TreeId } from './delta/operation.js'
import { type Identity, identityOf, localReceiver } from './identity.js'
import { type Inquiry, inquire } from './inquiry.js'
import { commitReader, deliveryContext, outboxOf, snapshotOf, snapshotOptions, takePushLock } from './preparation.js'
import { dryRunReport, reportOf } from './push-report.js'
import type { PushContext, PushRequest } from './push-request.js'
import { forgetBackgroundFailure } from './report/background.js'
import { failedReport, type PushReport, reportedError, reportedOperations } from './report/report.js'
import { snapshotOfCommit } from './snapshot/commit-snapshot.js'
import { removeDamagedObjects } from './snapshot/damaged-objects.js'
import type { Snapshot } from './snapshot/scan.js'
import { guardAgainstSecrets } from './snapshot/secret-scan.js'
import { clearInterrupted, forgetIndex, openShadow, type Shadow } from './snapshot/shadow.js'
import { guardAgainstUnsafeRoot } from './snapshot/unsafe-root.js'
import { asDeltaError, DeltaError } from './support/errors.js'
import type { Lock } from './support/lock.js'
import { traceStep } from './support/trace.js'

/** Bounds of one bundle: small enough to be kept in memory's reach by any server, large enough to be few. */
const BUNDLE_LIMITS = { operations: 10_000, bytes: 64 * 1024 * 1024 }

/**
 * The pipeline, and the only place that knows its order:
 *
 *     lock → snapshot → [ask the receiver → decide → delta → plan → bundle → outbox → deliver → confirm] → afterPush
 *
 * After the snapshot, whoever pushes may still say that it is not to be delivered. The part in brackets is `synchronise`. Every durable write is made in the order that docs/architecture.md lists, so a
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
    const shadow = await traceStep('open the shadow', () => openShadow(request.workspace))
    const lock = await traceStep('lock', () => takePushLock(shadow))
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

/** Objects that the shadow borrowed may be gone, or a power loss damaged its own: then all are stored anew, once. */
async function withLostObjectsRestored<Result>(
  shadow: Shadow,
  context: PushContext,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work()
  } catch (thrown) {
    if (!(thrown instanceof DeltaError) || thrown.code !== 'objects-missing') throw thrown
    context.onEvent({ event: 'notice', message: 'Objects that git had are gone or damaged; every file is read again.' })
    await removeDamagedObjects(shadow)
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
  const delivery = deliveryContext(request.config, context)
  const saidBase = await snapshotOfBase(request, shadow)
  let inquiry: Inquiry | undefined
  const inquireOnce = (): Inquiry => (inquiry ??= inquire(request, identity, shadow, delivery))
  const { snapshot, commit } = await timedSnapshot(request, shadow, context, inquireOnce)
  const { reached, asked, recorded } = inquireOnce()
  const receiver = await reached
  if (asked === null) return await dryRunReport(request, identity, shadow, receiver, snapshot, commit, await recorded)
  const job = {
    shadow,
    lock,
    target: snapshot.tree,
    options: synchroniseOptions(request, identity, startedAt, saidBase),
    context: delivery,
  }
  const outbox = outboxOf(shadow, receiver)
  const readCommits = commitReader(request, shadow, snapshot.tree, delivery)
  const told = readCommits === undefined ? {} : { readCommits }
  const here = { ...job, ...told, receiver, outbox }
  const result = await traceStep('synchronise', () => synchronise(here, asked, recorded))
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

/** By the same rules as the snapshot itself; before it, so that only what differs is judged for the second one. */
async function snapshotOfBase({ base, config }: PushRequest, shadow: Shadow): Promise<TreeId | null> {
  return base === undefined ? null : (await snapshotOfCommit(shadow, base, snapshotOptions(config))).tree
}

async function timedSnapshot(
  request: PushRequest,
  shadow: Shadow,
  context: PushContext,
  meanwhile: () => void,
): Promise<{ snapshot: Snapshot; commit: string | null }> {
  const started = performance.now()
  const options = snapshotOptions(request.config)
  const result = await traceStep('snapshot', () => snapshotOf(request, shadow, options, meanwhile))
  const duration_ms = elapsed(started)
  if (!(await (context.mayDeliver?.() ?? true))) throw new DeltaError('interrupted', 'What it looked at changed.')
  const { tree, skipped } = result.snapshot
  for (const message of options.rules.secretScan.warnings) context.onEvent({ event: 'notice', message })
  if (request.config.secretScan === 'block' && !request.dryRun) guardAgainstSecrets(skipped)
  context.onEvent({ event: 'snapshot', tree, skipped: skipped.length, duration_ms })
  return result
}

function synchroniseOptions(
  request: PushRequest,
  identity: Identity,
  startedAt: Date,
  saidBase: TreeId | null,
): SynchroniseOptions {
  const { force, full, allowMassDelete, trigger = 'manual' } = request
  const { recovery } = request.config
  return { ...identity, force, full, allowMassDelete, saidBase, trigger, startedAt, recovery, limits: BUNDLE_LIMITS }
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
      { facts: { exit_code: exitCode } },
    )
  } catch (thrown) {
    return { ...report, error: reportedError(asDeltaError(thrown)) }
  }
}

function elapsed(since: number): number {
  return Math.round(performance.now() - since)
}
