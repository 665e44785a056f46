import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { askStatus } from '../../src/delivery/ask-status.js'
import { embeddedReceiver } from '../../src/delivery/embedded-receiver.js'
import type { SynchroniseContext } from '../../src/delivery/job.js'
import { Outbox } from '../../src/delivery/outbox.js'
import type { Receiver } from '../../src/delivery/receiver.js'
import { type SynchroniseResult, synchronise } from '../../src/delivery/synchronise.js'
import { readConfirmed } from '../../src/snapshot/confirmed.js'
import { takeSnapshot } from '../../src/snapshot/scan.js'
import { SecretScan } from '../../src/snapshot/secret-scan.js'
import { openShadow } from '../../src/snapshot/shadow.js'
import { locateWorkspace } from '../../src/snapshot/workspace.js'
import { DeltaError } from '../../src/support/errors.js'
import { takeLock } from '../../src/support/lock.js'
import { type TestReceiver, testReceiver } from './receivers.js'
import { gitRepository } from './workspace.js'

/** Parts of at most this many operations, so that a few files need several. */
const LIMITS = { operations: 3, bytes: 1 << 20 }

export interface Bench {
  readonly root: string
  readonly behind: TestReceiver
  /** The receiver that stands behind; a test may put another one before it. */
  readonly embedded: Receiver
  readonly notices: string[]
  push(receiver?: Receiver, options?: { force?: boolean; full?: boolean }): Promise<SynchroniseResult>
  outbox(receiver?: Receiver): Outbox
  confirmed(): ReturnType<typeof readConfirmed>
}

/** Snapshot and synchronise without the command, so that limits are small and the receiver is anything. */
export async function bench(): Promise<Bench> {
  const root = await gitRepository()
  const behind = await testReceiver()
  const embedded = embeddedReceiver(behind.engine, root, 'project', behind.data)
  const notices: string[] = []
  const shadow = await openShadow(await locateWorkspace(root, {}))
  const outbox = ({ key } = embedded) => new Outbox(join(shadow.directory, 'outbox', key))
  const busy = () => new DeltaError('already-running', 'busy')
  const push: Bench['push'] = async (receiver = embedded, { force = false, full = false } = {}) => {
    const rules = { maxFileBytes: 1e6, binaries: true, isSecret: () => false, secretScan: new SecretScan('off', []) }
    const lock = await takeLock(join(shadow.directory, 'push.lock'), { milliseconds: 0, busy })
    try {
      const { tree } = await takeSnapshot(shadow, {
        rules,
        rulesFingerprint: 'x',
        exclude: [],
        nestedRepositories: 'skip',
      })
      const occasion = { trigger: 'manual', startedAt: new Date(), allowMassDelete: true, saidBase: null } as const
      const options = {
        workspacePath: root,
        collectionName: 'project',
        force,
        full,
        ...occasion,
        recovery: 'resync',
        limits: LIMITS,
      } as const
      const context = contextOf(notices)
      const job = { shadow, lock, target: tree, options, context, receiver, outbox: outbox(receiver) }
      return await synchronise(job, askStatus(receiver, context))
    } finally {
      await lock.release()
    }
  }
  return { root, behind, embedded, notices, push, outbox, confirmed: () => readConfirmed(shadow, embedded.key) }
}

export function contextOf(notices: string[]): SynchroniseContext {
  return {
    policy: { retries: 2, firstDelay: 1, longestDelay: 1 },
    signal: new AbortController().signal,
    now: () => new Date(),
    randomId: randomUUID,
    random: () => 0,
    sleep: async () => undefined,
    onRetry: () => undefined,
    onNotice: (message) => notices.push(message),
    onBundle: () => undefined,
    onDelta: () => undefined,
    onSent: () => undefined,
    onConfirmed: () => undefined,
  }
}

export function unreachable(): DeltaError {
  return new DeltaError('receiver-unreachable', 'gone')
}
