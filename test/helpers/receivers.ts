import { readdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect } from '@jest/globals'
import type { BundleLimits } from '../../src/bundle/reader.js'
import { DEFAULT_LIMITS } from '../../src/bundle/reader.js'
import { ReceiverEngine } from '../../src/receiver/engine.js'
import { type Place, placeOf } from '../../src/receiver/place.js'
import { bootMark } from '../../src/support/boot.js'
import { makePrivateDirectory } from '../../src/support/durable-files.js'
import { DeltaError } from '../../src/support/errors.js'
import { takeLock } from '../../src/support/lock.js'
import { type Files, gitTreeOf, WORKSPACE } from './bundles.js'
import { readTree, temporaryDirectory } from './workspace.js'

export interface TestReceiver {
  readonly engine: ReceiverEngine
  readonly data: string
  readonly mirrors: string
}

/** An engine with a clock that stands still. */
export async function testReceiver(limits: Partial<BundleLimits> = {}): Promise<TestReceiver> {
  const root = await temporaryDirectory()
  const [data, mirrors] = [join(root, 'data'), join(root, 'mirrors')]
  return { engine: engineOn({ data, mirrors }, limits), data, mirrors }
}

/** A second engine on the same folders, as after a restart. */
export function engineOn(
  { data, mirrors }: Pick<TestReceiver, 'data' | 'mirrors'>,
  limits: Partial<BundleLimits> = {},
): ReceiverEngine {
  return new ReceiverEngine({
    dataDirectory: data,
    mirrorDirectory: mirrors,
    limits: { ...DEFAULT_LIMITS, ...limits },
    now: () => new Date('2025-02-01T00:00:00.000Z'),
  })
}

export function placeIn({ data, mirrors }: Pick<TestReceiver, 'data' | 'mirrors'>, workspace = WORKSPACE) {
  return placeOf(data, mirrors, workspace)
}

/** Mirror and repository hold exactly these files, by git's own word. */
export async function expectExactly(receiver: TestReceiver, files: Files, workspace = WORKSPACE): Promise<void> {
  const wanted = new Map([...files].map(([path, content]) => [path, Buffer.from(content)]))
  const there = await readTree(placeIn(receiver, workspace).mirror.directory)
  expect([...there.keys()].sort()).toEqual([...wanted.keys()].sort())
  for (const [path, content] of wanted) expect(there.get(path)?.equals(content)).toBe(true)
  const status = await receiver.engine.status(workspace)
  expect(status.tree).toBe((await gitTreeOf(files)).tree)
  expect(status.pendingOperations).toBe(0)
}

/** What a running receiver has even before it has received anything. */
const STANDING = new Set(['locks', 'workspaces', 'spool', 'serve.lock'])

/** Every path below a folder, folders too: what a refusal must leave as it was. */
export async function everythingBelow(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true }).catch(() => [])
  return entries.filter((path) => !STANDING.has(path)).sort()
}

/** Says of a mirror that it holds a commit exactly. */
export async function noteMirror({ mirrorNote }: Place, commit: string): Promise<void> {
  await writeFile(mirrorNote, `${commit.trim()}\n${bootMark()}\n`)
}

/** Keeps every upload for a workspace waiting; returns how to let them go. */
export async function holdWorkspace(receiver: TestReceiver, workspace = WORKSPACE): Promise<() => Promise<void>> {
  return await hold(placeIn(receiver, workspace).lock)
}

/** Keeps the mirror of a workspace as it is; returns how to let it go. */
export async function holdMirror(receiver: TestReceiver, workspace = WORKSPACE): Promise<() => Promise<void>> {
  return await hold(placeIn(receiver, workspace).mirrorLock)
}

async function hold(lock: string): Promise<() => Promise<void>> {
  await makePrivateDirectory(dirname(lock))
  const held = await takeLock(lock, { milliseconds: 0, busy: () => new DeltaError('receiver-busy', 'held') })
  return () => held.release()
}

/** The code of what a promise failed with. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
  } catch (thrown) {
    if (thrown instanceof DeltaError) return thrown.code
    throw thrown
  }
  return 'no failure'
}
