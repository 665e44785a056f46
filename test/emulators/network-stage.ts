import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from '@jest/globals'
import { DeltaError } from '../../src/support/errors.js'
import { filesOf } from '../helpers/command.js'
import { type FaultProxy, faultProxy } from '../helpers/fault-proxy.js'
import { placeIn } from '../helpers/receivers.js'
import { testServer } from '../helpers/servers.js'
import { readTree, writeTree } from '../helpers/workspace.js'
import type { GenerationName } from './generations.js'
import type { NetworkCase } from './network-cases.js'
import { emulator } from './server.js'
import { type Client, clientOf } from './stage.js'

export type ServerName = GenerationName | 'ce-delta'

/** A server as this test sees it. */
interface Behind {
  readonly url: string
  files(root: string): Promise<Map<string, Buffer>>
  /** The bundles that had an effect, one after another. */
  readonly applied: () => readonly string[]
  readonly isIdle: () => boolean
  /** It has its files and lost its place, so that it may be asked what it lacks. */
  readonly restart: () => void
  /**
   * It tells which bundle it took last. Where it does not, and the network delivers a bundle twice at the same time, the
   * refusal of the second cannot be told from another writer's success: a conflict, which only `--force` ends.
   */
  readonly namesBundles: boolean
}

/** A workspace, a server, and a network in between that can be told to fail. */
interface NetworkStage {
  /** Changes that were made so far. */
  round: number
  readonly client: Client
  readonly behind: Behind
  readonly proxy: FaultProxy
}

async function networkStage(name: ServerName): Promise<NetworkStage> {
  const behind = await serverCalled(name)
  const proxy = await faultProxy(Number(new URL(behind.url).port))
  const client = await clientOf(proxy.url)
  await edit(client.root, 0)
  await client.push()
  return { round: 0, client, behind, proxy }
}

export async function serverCalled(name: ServerName): Promise<Behind> {
  if (name !== 'ce-delta') {
    const server = await emulator(name)
    const { url } = server
    return {
      url,
      files: (root) => server.files(root),
      applied: () => server.applied,
      isIdle: () => server.isIdle,
      restart: () => server.restart({ keepFiles: true }),
      namesBundles: server.generation.plans,
    }
  }
  const server = await testServer()
  const applied = () =>
    server.events.flatMap((event) => (event.event === 'applied' && !event.replayed ? [event.bundle_id] : []))
  const files = async (root: string) => await readTree(placeIn(server, root).mirror.directory)
  return { url: server.url, files, applied, isIdle: () => true, restart: () => undefined, namesBundles: true }
}

/** Files come, change, move and go; the same ones never twice. */
async function edit(root: string, round: number): Promise<void> {
  for (const old of [`gone-${round - 1}`, `moved-${round - 1}`]) await rm(join(root, old), { force: true })
  await writeTree(root, {
    'always/changed': `round ${round}`,
    [`kept-${round % 5}`]: `new in round ${round}`,
    [`gone-${round}`]: 'g',
    [`moved-${round}`]: 'the same content in every round',
    // Not to be compressed, so that most of the upload is content.
    noise: Array.from({ length: 150 }, (_, at) => (((at + 7) * (round + 3) * 2_654_435_761) >>> 5).toString(36)).join(
      '',
    ),
  })
}

/** How many requests meet the fault: the first alone, or all until it ends. */
export type Duration = 'once' | 'every time'

/** One case after another before one server. */
export async function playAll(server: ServerName, cases: readonly (readonly [NetworkCase, Duration])[]): Promise<void> {
  const stage = await networkStage(server)
  for (const [one, duration] of cases) {
    try {
      await playCase(stage, one, duration)
    } catch (thrown) {
      const words = thrown instanceof Error ? thrown.message : String(thrown)
      throw new Error(`${one.on}: ${one.name}, ${duration}: ${words}`, { cause: thrown })
    }
  }
}

/**
 * One case: changes, a push through the fault, the fault ends, two more pushes at most. Throws where a change is lost,
 * success is claimed wrongly, a bundle has an effect after a later one, or the fault did not happen
 * (I3, I4 and I5 of faults.md).
 */
async function playCase(stage: NetworkStage, play: NetworkCase, duration: Duration): Promise<void> {
  const { client, behind, proxy } = stage
  const before = behind.applied().length
  const claimed = await pushThrough(stage, play, duration)
  proxy.cure()
  if (isDone(claimed)) await expectEqual(stage)
  if (play.arrives === 'before the next push') await proxy.deliverLate()
  const late = play.arrives === 'beside the next push' ? proxy.deliverLate() : null
  const pushes = [claimed, await outcomeOf(client)]
  await late
  if (!isDone(pushes[1])) pushes.push(await outcomeOf(client))
  if (play.toxic.kind === 'duplicate' && !behind.namesBundles && pushes.at(-1) === 'conflict')
    pushes.push(await outcomeOf(client, { force: true }))
  expect(pushes).toEqual([...pushes.slice(0, -1), expect.stringMatching(/^(confirmed|unchanged)$/)])
  await expectEqual(stage)
  expect(await client.outbox().list()).toEqual([])
  if (play.arrives === 'after two more pushes') {
    await edit(client.root, ++stage.round)
    expect(await outcomeOf(client)).toBe('confirmed')
    await proxy.deliverLate()
    await expectEqual(stage)
  }
  expectEachOnce(behind.applied().slice(before))
}

/**
 * Changes, and a push that meets the fault; returns what it claims. With little patience where nothing moves: a machine
 * that is busy may need more for the fault to be reached at all.
 */
async function pushThrough(stage: NetworkStage, { toxic, on }: NetworkCase, duration: Duration): Promise<string> {
  const { client, behind, proxy } = stage
  const isSilent = toxic.kind === 'stall' || toxic.kind === 'corrupt'
  const recovery = on === 'plan' ? 'compare' : 'resync'
  for (let idleTimeout = isSilent ? 100 : 10_000; idleTimeout <= 30_000; idleTimeout *= 3) {
    await edit(client.root, ++stage.round)
    if (on === 'plan') behind.restart()
    proxy.poison(toxic, { on, times: duration === 'once' ? 1 : Number.POSITIVE_INFINITY })
    const claimed = await outcomeOf(client, { recovery, retries: duration === 'once' ? 2 : 0, idleTimeout })
    if (proxy.struck() > 0) return claimed
  }
  throw new Error('The fault did not happen.')
}

function isDone(outcome: string | undefined): boolean {
  return outcome === 'confirmed' || outcome === 'unchanged'
}

/** What it says in the end; another failure than those that have a code is none that it may have. */
async function outcomeOf(client: Client, options: Parameters<Client['push']>[0] = {}): Promise<string> {
  try {
    return (await client.push(options)).outcome
  } catch (thrown) {
    if (thrown instanceof DeltaError && thrown.code !== 'internal') return thrown.code
    throw thrown
  }
}

async function expectEqual({ client, behind }: NetworkStage): Promise<void> {
  while (!behind.isIdle()) await new Promise((resolve) => setTimeout(resolve, 5))
  expectSame(await behind.files(client.root), await filesOf(client.root))
}

export function expectSame(there: ReadonlyMap<string, Buffer>, wanted: ReadonlyMap<string, Buffer>): void {
  const shown = (files: ReadonlyMap<string, Buffer>) =>
    Object.fromEntries([...files].sort().map(([path, content]) => [path, content.toString()]))
  expect(shown(there)).toEqual(shown(wanted))
}

/** Twice in a row is once; after another bundle it would undo that. */
function expectEachOnce(applied: readonly string[]): void {
  const effects = applied.filter((id, at) => id !== applied[at - 1])
  expect(effects).toEqual([...new Set(effects)])
}
