import { createHash } from 'node:crypto'
import type { DiskStep } from './disk-trace.js'
import type { Disk, Loss, Remains } from './power-loss.js'

/** What happens to what was not forced, from the worst to the oddest. */
const LOSSES: readonly (readonly [string, (seed: number) => Loss])[] = [
  ['all of it is lost', () => ({ keepsName: () => false, keeps: (_, forced) => forced ?? Buffer.alloc(0) })],
  ['names without contents', () => ({ keepsName: () => true, keeps: (_, forced) => forced ?? Buffer.alloc(0) })],
  [
    'names with half of the contents',
    () => ({ keepsName: () => true, keeps: (data) => data.subarray(0, data.length / 2) }),
  ],
  ['names with zeros', () => ({ keepsName: () => true, keeps: (data) => Buffer.alloc(data.length) })],
  ['some of it', someOfIt],
  ['some of it', (seed) => someOfIt(seed + 1)],
]

function someOfIt(seed: number): Loss {
  const isKept = (what: string): boolean => (createHash('sha1').update(`${seed} ${what}`).digest()[0] ?? 0) % 2 === 0
  return {
    keepsName: (index) => isKept(`name ${index}`),
    keeps: (data, forced) => (isKept(`data ${data.length}`) ? data : (forced ?? data.subarray(0, data.length / 3))),
  }
}

/** So many of the states are tried; `all` tries every one, which takes an hour. */
export const MOST_STATES = process.env.CE_DELTA_CRASH_STATES === 'all' ? Number.POSITIVE_INFINITY : 120

export interface CrashState {
  /** When the power went, and what was lost: to be told where something is wrong. */
  readonly description: string
  readonly states: ReadonlyMap<string, Remains>
}

/**
 * The states in which a power loss may leave these folders, one for each moment between two steps and each way of losing;
 * those that are the same are told once. At most `most` of them, evenly chosen. The disk is led through all steps.
 */
export async function crashStates(disk: Disk, steps: readonly DiskStep[], most: number): Promise<CrashState[]> {
  const found = new Map<string, CrashState>()
  for (const [index, step] of steps.entries()) {
    if (!disk.apply(step)) continue
    for (const [way, loss] of LOSSES) {
      const states = disk.afterLoss(loss(index))
      const description = `after step ${index} (${step.kind} ${step.path}): ${way}`
      const key = digestOf(states)
      if (!found.has(key)) found.set(key, { description, states })
    }
  }
  const all = [...found.values()]
  const stride = Math.max(1, all.length / most)
  return all.filter((_, index) => Math.floor(index / stride) !== Math.floor((index - 1) / stride))
}

function digestOf(states: ReadonlyMap<string, Remains>): string {
  const hash = createHash('sha1')
  for (const [root, remains] of states) {
    for (const [path, content] of [...remains].sort(([left], [right]) => (left < right ? -1 : 1)))
      hash.update(`${root}\0${path}\0${content === null ? 'folder' : content.length}\0`).update(content ?? '')
  }
  return hash.digest('hex')
}
