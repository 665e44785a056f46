import { basename, join } from 'node:path'
import { askStatus } from '../../src/delivery/ask-status.js'
import type { DialectMemory } from '../../src/delivery/dialects/memory.js'
import { shortMemory } from '../../src/delivery/dialects/memory.js'
import { httpReceiver } from '../../src/delivery/http-receiver.js'
import type { ReadCommits } from '../../src/delivery/job.js'
import { Outbox } from '../../src/delivery/outbox.js'
import type { RecoveryMode } from '../../src/delivery/recover.js'
import { type SynchroniseResult, synchronise } from '../../src/delivery/synchronise.js'
import { readCommitLog } from '../../src/snapshot/commit-log.js'
import { readConfirmed } from '../../src/snapshot/confirmed.js'
import { takeSnapshot } from '../../src/snapshot/scan.js'
import { SecretScan } from '../../src/snapshot/secret-scan.js'
import { openShadow, type Shadow } from '../../src/snapshot/shadow.js'
import { locateWorkspace } from '../../src/snapshot/workspace.js'
import { DeltaError } from '../../src/support/errors.js'
import { takeLock } from '../../src/support/lock.js'
import { contextOf } from '../helpers/synchronising.js'
import { gitRepository } from '../helpers/workspace.js'
import type { Generation, GenerationName } from './generations.js'
import { type Emulator, emulator } from './server.js'

export interface PushOptions {
  readonly force?: boolean
  readonly full?: boolean
  readonly recovery?: RecoveryMode
  readonly operations?: number
  readonly retries?: number
  readonly idleTimeout?: number
  /** At most so many commits are told; left out, none. */
  readonly commits?: number
}

/** A workspace, and what it takes to push it. */
export interface Client {
  readonly root: string
  readonly notices: string[]
  /** Each push is another process, that remembers what the machine remembers. */
  push(options?: PushOptions): Promise<SynchroniseResult>
  outbox(): Outbox
  confirmed(): ReturnType<typeof readConfirmed>
  readonly memory: DialectMemory
}

/** A workspace, and a server of some generation that it is pushed to. */
export interface Stage extends Client {
  readonly server: Emulator
  files(): Promise<Map<string, Buffer>>
}

export async function stageOn(
  generation: GenerationName,
  { idleTimeout = 10_000, changes }: { readonly idleTimeout?: number; readonly changes?: Partial<Generation> } = {},
): Promise<Stage> {
  const server = await emulator(generation, changes)
  const client = await clientOf(server.url, { idleTimeout })
  return { ...client, server, files: () => server.files(client.root) }
}

/** A workspace that is pushed to this endpoint. */
export async function clientOf(endpoint: string, usual: PushOptions = {}): Promise<Client> {
  const root = await gitRepository()
  const shadow = await openShadow(await locateWorkspace(root, {}))
  const notices: string[] = []
  const memory = shortMemory()
  const receiver = (idleTimeout = usual.idleTimeout ?? 10_000) =>
    httpReceiver({
      endpoint,
      workspacePath: root,
      collectionName: basename(root),
      token: null,
      idleTimeout,
      userAgent: 'test',
      memory,
    })
  const { key } = receiver()
  const outbox = new Outbox(join(shadow.directory, 'outbox', key))
  const push: Client['push'] = async (asked = {}) => {
    const { force = false, full = false, recovery = 'resync', operations = 100, retries = 2, idleTimeout } = asked
    const lock = await takeLock(join(shadow.directory, 'push.lock'), { milliseconds: 0, busy })
    try {
      const target = await snapshotTree(shadow)
      const { commits: maxCommits } = asked
      const readCommits: ReadCommits = (since) =>
        readCommitLog(shadow, { revision: null, maxCommits: maxCommits ?? 0, target, rules: RULES, since })
      const told = maxCommits === undefined ? {} : { readCommits }
      const occasion = { trigger: 'manual', startedAt: new Date(), allowMassDelete: true, saidBase: null } as const
      const limits = { operations, bytes: 1 << 20 }
      const options = { workspacePath: root, collectionName: 'project', force, full, recovery, ...occasion, limits }
      const policy = { retries, firstDelay: 1, longestDelay: 1 }
      const context = { ...contextOf(notices), policy, sleep: quickly }
      const to = receiver(idleTimeout)
      return await synchronise(
        { shadow, lock, target, options, context, receiver: to, outbox, ...told },
        askStatus(to, context),
      )
    } finally {
      await lock.release()
    }
  }
  return { root, notices, memory, push, outbox: () => outbox, confirmed: () => readConfirmed(shadow, key) }
}

const busy = () => new DeltaError('already-running', 'busy')

/** What is waited for is in this very process, and quick. */
async function quickly(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds / 50))
}

const RULES = { maxFileBytes: 1e6, binaries: true, isSecret: () => false, secretScan: new SecretScan('off', []) }

async function snapshotTree(shadow: Shadow): Promise<string> {
  const eligibility = { rules: RULES, rulesFingerprint: 'x', exclude: [], nestedRepositories: 'skip' } as const
  return (await takeSnapshot(shadow, eligibility)).tree
}
