import { createHash, randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Config } from './config/config.js'
import type { ReadCommits, SynchroniseContext } from './delivery/job.js'
import { Outbox } from './delivery/outbox.js'
import type { Receiver } from './delivery/receiver.js'
import { DEFAULT_RETRY } from './delivery/retry.js'
import { countOperations, type TreeId } from './delta/operation.js'
import type { PushContext, PushRequest } from './push-request.js'
import { readCommitLog } from './snapshot/commit-log.js'
import { snapshotOfCommit } from './snapshot/commit-snapshot.js'
import { type Snapshot, type SnapshotOptions, takeSnapshot } from './snapshot/scan.js'
import { SecretScan } from './snapshot/secret-scan.js'
import { secretMatcher } from './snapshot/secrets.js'
import type { Shadow } from './snapshot/shadow.js'
import { DeltaError } from './support/errors.js'
import { type Lock, takeLock } from './support/lock.js'
import type { LockHolder } from './support/lock-holder.js'

// What a push needs before it can begin, and everybody who looks at the same shadow repository needs as well.

/** Another push is usually over in a moment. */
const PATIENCE_WITH_OTHERS = 3000

/** The shadow repository for ourselves alone. Throws `already-running`. */
export async function takePushLock(shadow: Shadow): Promise<Lock> {
  const file = join(shadow.directory, 'push.lock')
  const busy = (holder: LockHolder): DeltaError => alreadyRunning(file, holder)
  return await takeLock(file, { milliseconds: PATIENCE_WITH_OTHERS, busy })
}

function alreadyRunning(lockFile: string, holder: LockHolder): DeltaError {
  const { pid, host, since } = holder
  const elsewhere = `Wait for it to end. If that machine is gone, delete ${lockFile}`
  return new DeltaError('already-running', `Another push of this workspace is running (process ${pid} on ${host}).`, {
    facts: { pid, host, since, lock: lockFile },
    next: host === hostname() ? 'Wait for it to end; it sends your changes, or the next push does.' : elsewhere,
  })
}

/** The snapshot that is to be pushed. `meanwhile` is called when it has begun. */
export async function snapshotOf(
  request: Pick<PushRequest, 'workspace' | 'config' | 'commit' | 'snapshot'>,
  shadow: Shadow,
  options: SnapshotOptions,
  meanwhile: () => void = () => undefined,
): Promise<{ snapshot: Snapshot; commit: string | null }> {
  if (request.snapshot !== undefined) return { snapshot: { tree: request.snapshot, skipped: [] }, commit: null }
  if (request.commit !== null) {
    const taking = snapshotOfCommit(shadow, request.commit, options)
    meanwhile()
    const snapshot = await taking
    return { snapshot, commit: snapshot.commit }
  }
  if (request.workspace.kind !== 'bare')
    return { snapshot: await takeSnapshot(shadow, options, meanwhile), commit: null }
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

/**
 * How the commits of this push are read; undefined where none are wanted. What cannot be read of the history is no
 * reason not to push the files.
 */
export function commitReader(
  { config, workspace, commit }: Pick<PushRequest, 'config' | 'workspace' | 'commit'>,
  shadow: Shadow,
  target: TreeId,
  { onNotice }: SynchroniseContext,
): ReadCommits | undefined {
  const { gitHistory: maxCommits, endpoint } = config
  if (maxCommits === 0 || endpoint === null || workspace.git === null) return undefined
  const { rules } = snapshotOptions(config)
  return async (since) => {
    try {
      return await readCommitLog(shadow, { revision: commit, since, maxCommits, target, rules })
    } catch (thrown) {
      if (!(thrown instanceof DeltaError) || !UNREADABLE.has(thrown.code)) throw thrown
      onNotice(`The history of commits is left out, because it cannot be read: ${thrown.message}`)
      return null
    }
  }
}

const UNREADABLE: ReadonlySet<string> = new Set(['git-failed', 'objects-missing'])

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
    onDelta: ({ operations }) => onEvent({ event: 'delta', operations: countOperations(operations) }),
    onBundle: ({ bundleId: id, sequence, bytes, operations }) =>
      onEvent({ event: 'bundle', id, sequence, bytes, operations }),
    onSent: atMostEvery(SENDING_TOLD_EVERY, (id, sent, bytes) => onEvent({ event: 'sending', id, sent, bytes })),
    onConfirmed: ({ bundleId: id, sequence }, tree) => onEvent({ event: 'confirmed', id, sequence, tree }),
  }
}

const SENDING_TOLD_EVERY = 500

/** Tells nothing of what is gone in a moment; else now and then, and the end. */
function atMostEvery(
  milliseconds: number,
  tell: (id: string, sent: number, bytes: number) => void,
): (id: string, sent: number, bytes: number) => void {
  let current = { id: '', since: 0, isTold: false }
  return (id, sent, bytes) => {
    const now = performance.now()
    if (current.id !== id) current = { id, since: now, isTold: false }
    const isEnd = current.isTold && sent === bytes
    if (now - current.since < milliseconds && !isEnd) return
    current = { id, since: now, isTold: true }
    tell(id, sent, bytes)
  }
}
