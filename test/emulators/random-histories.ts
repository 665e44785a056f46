import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect } from '@jest/globals'
import fc from 'fast-check'
import { DeltaError } from '../../src/support/errors.js'
import { clearWay } from '../situations/clear-way.js'
import { expectEqual } from './equal.js'
import type { GenerationName } from './generations.js'
import { slugOf } from './names.js'
import { type Stage, stageOn } from './stage.js'

const PATHS = [
  'a',
  'a/b',
  'a/b/c',
  'b',
  'b/a',
  'b/c/d',
  'manifest.json',
  'a/manifest.json',
  'metadata/operations.json',
  'b/metadata/hashes.json',
  'metadata/git_history.json',
  'files/created/a',
  'b/myfiles/created/b/a',
  'b/files/moved/a',
  'files/updated/manifest.json',
  '.codebase/cache.json',
  'OWN/a',
] as const

const FAULTS = [
  'none',
  'none',
  'none',
  'answer lost',
  'answers lost',
  'upload lost',
  'page',
  'fails in the middle',
  'slow',
  'restart',
  'restart without files',
  'restored',
  'two workers',
] as const
type Fault = (typeof FAULTS)[number]

type Step =
  | { readonly kind: 'write'; readonly path: string; readonly content: string }
  | { readonly kind: 'delete'; readonly path: string }
  | { readonly kind: 'rename'; readonly path: string; readonly to: string }
  | { readonly kind: 'push'; readonly fault: Fault; readonly operations: number }
  | { readonly kind: 'backup' }

/** Few of them, so that files and folders get into each other's way; and all the others. */
const path = fc.oneof(fc.constantFrom<string>(...PATHS.slice(0, 5)), fc.constantFrom<string>(...PATHS))
const content = fc.constantFrom('', '1', '22', 'x\r\n', '{}', '{"operations":[]}')
const write = fc.record({ kind: fc.constant('write' as const), path, content })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: write },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('delete' as const), path }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('rename' as const), path, to: path }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('push' as const),
      fault: fc.constantFrom(...FAULTS),
      operations: fc.constantFrom(1, 2, 5, 100),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('backup' as const) }) },
)

/** The work tree and the server, as a history goes on. */
class History {
  readonly #stage: Stage
  #restore: (() => void) | null = null

  constructor(stage: Stage) {
    this.#stage = stage
  }

  async take(step: Step): Promise<void> {
    const { root, server } = this.#stage
    const at = (path: string): string => join(root, path.replace('OWN', slugOf(root)))
    switch (step.kind) {
      case 'write':
        await clearWay(root, step.path.replace('OWN', slugOf(root)))
        return await writeFile(at(step.path), step.content)
      case 'delete':
        return await rm(at(step.path), { recursive: true, force: true }).catch(() => undefined)
      case 'rename':
        await mkdir(dirname(at(step.to)), { recursive: true }).catch(() => undefined)
        return await rename(at(step.path), at(step.to)).catch(() => undefined)
      case 'backup':
        if (server.isIdle) this.#restore = server.backup()
        return
      case 'push':
        this.#break(step.fault)
        await this.#push(step.operations)
        return await this.#mend()
    }
  }

  #break(fault: Fault): void {
    const { server } = this.#stage
    if (fault === 'answer lost') server.faults.loseAnswer = 1
    if (fault === 'answers lost') server.faults.loseAnswer = 100
    if (fault === 'upload lost') server.faults.loseUpload = 2
    if (fault === 'page') server.faults.page = 1
    if (fault === 'fails in the middle') server.faults.failAfterAnswer = 1
    if (fault === 'slow') server.faults.delay = 5
    if (fault === 'restart') server.restart({ keepFiles: true })
    if (fault === 'restart without files') server.restart({ keepFiles: false })
    if (fault === 'restored') this.#restore?.()
    if (fault === 'two workers') server.faults.workers = 2
  }

  /** It may fail while the fault is there, but in words. */
  async #push(operations: number): Promise<void> {
    try {
      await this.#stage.push({ operations })
    } catch (thrown) {
      if (!(thrown instanceof DeltaError) || thrown.code === 'internal') throw thrown
    }
  }

  async #mend(): Promise<void> {
    const { server } = this.#stage
    Object.assign(server.faults, { loseAnswer: 0, loseUpload: 0, page: 0, failAfterAnswer: 0, delay: 0, workers: 1 })
    while (!server.isIdle) await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** Whatever happened, after the faults stop two pushes make the server's files those of the work tree (I20). */
export async function expectConvergence(generation: GenerationName, runs: number, seed: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), async (steps) => {
      const stage = await stageOn(generation)
      const history = new History(stage)
      await stage.push()
      for (const next of steps) await history.take(next)
      await stage.push()
      const { leftBehind } = await stage.push()
      const names = leftBehind.map(({ path }) => path)
      for (const { why } of leftBehind) expect(why).toMatch(EXPECTED_REASON)
      await expectEqual(stage, names)
    }),
    { numRuns: runs, seed, endOnFailure: true },
  )
}

/** The exceptions that docs/servers.md lists. */
const EXPECTED_REASON = /keeps its own data|for its own folder|never removes one/
