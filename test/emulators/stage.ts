import { basename, join } from 'node:path'
import { askStatus } from '../../src/delivery/ask-status.js'
import type { DialectMemory } from '../../src/delivery/dialects/memory.js'
import { shortMemory } from '../../src/delivery/dialects/memory.js'
import { httpReceiver } from '../../src/delivery/http-receiver.js'
import { Outbox } from '../../src/delivery/outbox.js'
import type { RecoveryMode } from '../../src/delivery/recover.js'
import { type SynchroniseResult, synchronise } from '../../src/delivery/synchronise.js'
import { readConfirmed } from '../../src/snapshot/confirmed.js'
import { takeSnapshot } from '../../src/snapshot/scan.js'
import { SecretScan } from '../../src/snapshot/secret-scan.js'
import { openShadow, type Shadow } from '../../src/snapshot/shadow.js'
import { locateWorkspace } from '../../src/snapshot/workspace.js'
import { DeltaError } from '../../src/support/errors.js'
import { takeLock } from '../../src/support/lock.js'
import { contextOf } from '../helpers/synchronising.js'
import { gitRepository } from '../helpers/workspace.js'
import type { GenerationName } from './generations.js'
import { type Emulator, emulator } from './server.js'

export interface PushOptions {
  readonly force?: boolean
  readonly full?: boolean
  readonly recovery?: RecoveryMode
  readonly operations?: number
}

/** A workspace, and a server of some generation that it is pushed to. */
export interface Stage {
  readonly root: string
  readonly server: Emulator
  readonly notices: string[]
  push(options?: PushOptions): Promise<SynchroniseResult>
  /** Another process, that remembers what the machine remembers. */
  files(): Promise<Map<string, Buffer>>
  outbox(): Outbox
  confirmed(): ReturnType<typeof readConfirmed>
  readonly memory: DialectMemory
}

export async function stageOn(
  generation: GenerationName,
  { idleTimeout = 10_000 }: { readonly idleTimeout?: number } = {},
): Promise<Stage> {
  const root = await gitRepository()
  const server = await emulator(generation)
  const shadow = await openShadow(await locateWorkspace(root, {}))
  const notices: string[] = []
  const memory = shortMemory()
  const receiver = () =>
    httpReceiver({
      endpoint: server.url,
      workspacePath: root,
      collectionName: basename(root),
      token: null,
      idleTimeout,
      userAgent: 'test',
      memory,
    })
  const { key } = receiver()
  const outbox = new Outbox(join(shadow.directory, 'outbox', key))
  const push: Stage['push'] = async ({ force = false, full = false, recovery = 'resync', operations = 100 } = {}) => {
    const lock = await takeLock(join(shadow.directory, 'push.lock'), { milliseconds: 0, busy })
    try {
      const target = await snapshotTree(shadow)
      const occasion = { trigger: 'manual', startedAt: new Date(), allowMassDelete: true, saidBase: null } as const
      const limits = { operations, bytes: 1 << 20 }
      const options = { workspacePath: root, collectionName: 'project', force, full, recovery, ...occasion, limits }
      const context = { ...contextOf(notices), sleep: quickly }
      const to = receiver()
      return await synchronise({ shadow, lock, target, options, context, receiver: to, outbox }, askStatus(to, context))
    } finally {
      await lock.release()
    }
  }
  return {
    root,
    server,
    notices,
    memory,
    push,
    files: () => server.files(root),
    outbox: () => outbox,
    confirmed: () => readConfirmed(shadow, key),
  }
}

const busy = () => new DeltaError('already-running', 'busy')

/** What is waited for is in this very process, and quick. */
async function quickly(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds / 50))
}

async function snapshotTree(shadow: Shadow): Promise<string> {
  const rules = { maxFileBytes: 1e6, binaries: true, isSecret: () => false, secretScan: new SecretScan('off', []) }
  const eligibility = { rules, rulesFingerprint: 'x', exclude: [], nestedRepositories: 'skip' } as const
  return (await takeSnapshot(shadow, eligibility)).tree
}
