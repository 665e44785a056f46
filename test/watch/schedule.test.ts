import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  advance,
  type Decision,
  decide,
  type Happening,
  isPending,
  newSchedule,
  type PushResult,
  type Schedule,
} from '../../src/triggers/watch/schedule.js'
import type { Timing } from '../../src/triggers/watch/timing.js'

const TIMING: Timing = { settle: 300, longest: 2000, gitPatience: 10_000, firstRetry: 1000, longestRetry: 30_000 }
const CHANGED: Happening = { kind: 'changed' }
const FAR = 1e9

const ended = (result: PushResult, nextLook = FAR): Happening => ({ kind: 'push ended', result, nextLook })
const wait = (until: number | null): Decision => ({ kind: 'wait', until })
const push = (evenIfGitIsBusy = false): Decision => ({ kind: 'push', evenIfGitIsBusy })

/** The schedule after its first push was done at time 0, and then these things at their times. */
function scheduleAfter(...happenings: readonly (readonly [number, Happening])[]): Schedule {
  let schedule = advance(newSchedule(0), { kind: 'push began' }, 0, TIMING)
  schedule = advance(schedule, ended('done'), 0, TIMING)
  for (const [time, happening] of happenings) schedule = advance(schedule, happening, time, TIMING)
  return schedule
}

describe('decide', () => {
  test('the first push is made at once', () => {
    expect(decide(newSchedule(0), 0, TIMING)).toEqual(push())
  })

  const BEGAN: Happening = { kind: 'push began' }
  test.each<[string, readonly (readonly [number, Happening])[], number, Decision]>([
    ['nothing happened', [], 100, wait(FAR)],
    ['the longest time without a look is over', [], FAR, push()],
    ['a change waits for the rest', [[1000, CHANGED]], 1299, wait(1300)],
    ['and then goes', [[1000, CHANGED]], 1300, push()],
    [
      'each change makes the rest begin again',
      [
        [1000, CHANGED],
        [1200, CHANGED],
      ],
      1300,
      wait(1500),
    ],
    [
      'but not for longer than a storm may last',
      [...Array(20).keys()].map((step) => [1000 + step * 100, CHANGED] as const),
      2950,
      wait(3000),
    ],
    [
      'a look is made at once',
      [
        [1000, CHANGED],
        [1001, { kind: 'look' }],
      ],
      1001,
      push(),
    ],
    [
      'nothing while a push runs',
      [
        [1000, CHANGED],
        [1300, BEGAN],
        [1400, CHANGED],
      ],
      5000,
      wait(null),
    ],
    [
      'what changed during a push goes after it',
      [
        [1000, CHANGED],
        [1300, BEGAN],
        [1400, CHANGED],
        [1500, ended('done')],
      ],
      1500,
      wait(1700),
    ],
    [
      'what changed before a push does not go again',
      [
        [1000, CHANGED],
        [1300, BEGAN],
        [1500, ended('done')],
      ],
      1500,
      wait(FAR),
    ],
    [
      'paused',
      [
        [1000, CHANGED],
        [1001, { kind: 'paused' }],
      ],
      9000,
      wait(null),
    ],
    [
      'resumed',
      [
        [1000, CHANGED],
        [1001, { kind: 'paused' }],
        [5000, { kind: 'resumed' }],
      ],
      5000,
      push(),
    ],
    [
      'a flush goes even while it is paused, and whatever git does',
      [
        [1000, { kind: 'paused' }],
        [1001, { kind: 'flush' }],
      ],
      1001,
      push(true),
    ],
    [
      'a flush during a push is another push',
      [
        [1000, BEGAN],
        [1001, { kind: 'flush' }],
        [1500, ended('done')],
      ],
      1500,
      push(true),
    ],
    [
      'git that is busy is asked again after a rest',
      [
        [1000, CHANGED],
        [1300, { kind: 'git is busy' }],
      ],
      1300,
      wait(1600),
    ],
    [
      'git that waits for the user is not waited for longer than its patience',
      [
        [1000, CHANGED],
        [10_900, { kind: 'git is busy' }],
      ],
      11_200,
      push(true),
    ],
    [
      'changes meanwhile mean that it works',
      [
        [1000, CHANGED],
        [10_900, CHANGED],
        [10_900, { kind: 'git is busy' }],
      ],
      11_200,
      push(false),
    ],
    [
      'a failure that may pass is tried again',
      [
        [1000, BEGAN],
        [1100, ended('passing')],
      ],
      1100,
      wait(2100),
    ],
    [
      'changes do not hurry that',
      [
        [1000, BEGAN],
        [1100, ended('passing')],
        [1200, CHANGED],
      ],
      1600,
      wait(2100),
    ],
    [
      'waking up does',
      [
        [1000, BEGAN],
        [1100, ended('passing')],
        [1200, { kind: 'look' }],
      ],
      1200,
      push(),
    ],
    [
      'a failure that stays waits for a change',
      [
        [1000, BEGAN],
        [1100, ended('standing')],
      ],
      60_000,
      wait(FAR),
    ],
    [
      'and goes with it',
      [
        [1000, BEGAN],
        [1100, ended('standing')],
        [2000, CHANGED],
      ],
      2300,
      push(),
    ],
  ])('%s', (_, happenings, now, decision) => {
    expect(decide(scheduleAfter(...happenings), now, TIMING)).toEqual(decision)
  })

  test('the waits after failures double up to the longest, and a success forgets them', () => {
    let schedule = scheduleAfter()
    let now = 0
    const waits: number[] = []
    for (let attempt = 0; attempt < 8; attempt++) {
      schedule = advance(schedule, { kind: 'push began' }, now, TIMING)
      schedule = advance(schedule, ended('passing'), now, TIMING)
      const decision = decide(schedule, now, TIMING)
      const until = decision.kind === 'wait' ? (decision.until ?? 0) : now
      waits.push(until - now)
      now = until
    }
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
    schedule = advance(schedule, { kind: 'push began' }, now, TIMING)
    schedule = advance(schedule, ended('done'), now, TIMING)
    expect(schedule).toMatchObject({ failures: 0, notBefore: 0 })
  })
})

describe('isPending', () => {
  const BEGAN: Happening = { kind: 'push began' }
  test.each<[string, readonly (readonly [number, Happening])[], boolean]>([
    ['nothing happened', [], false],
    ['a change', [[1, CHANGED]], true],
    [
      'a push because of it',
      [
        [1, CHANGED],
        [400, BEGAN],
      ],
      true,
    ],
    [
      'a push that somebody asked for',
      [
        [1, { kind: 'flush' }],
        [2, BEGAN],
      ],
      true,
    ],
    ['a look that is made now and then', [[FAR, BEGAN]], false],
    [
      'one that found something',
      [
        [FAR, BEGAN],
        [FAR + 1, { kind: 'push found' }],
      ],
      true,
    ],
    [
      'a change meanwhile',
      [
        [FAR, BEGAN],
        [FAR + 1, CHANGED],
      ],
      true,
    ],
  ])('%s', (_, happenings, pending) => {
    expect(isPending(scheduleAfter(...happenings))).toBe(pending)
  })
})

interface World {
  readonly changes: readonly number[]
  readonly pushTakes: number
  readonly gitBusy: readonly [number, number]
  readonly down: readonly [number, number]
}

interface Push {
  readonly began: number
  readonly ended: number
  readonly result: PushResult
}

/** Runs a schedule against a world, from one thing that happens to the next, without a clock. */
function simulate({ changes, pushTakes, gitBusy, down }: World, until: number): Push[] {
  const pushes: Push[] = []
  const left = [...changes].sort((one, other) => one - other)
  let schedule = newSchedule(0)
  let now = 0
  const isIn = ([from, to]: readonly [number, number]) => now >= from && now < to
  const happen = (happening: Happening) => {
    schedule = advance(schedule, happening, now, TIMING)
  }
  while (now <= until) {
    const running = pushes.at(-1)
    const decision = decide(schedule, now, TIMING)
    if (decision.kind === 'push' && !decision.evenIfGitIsBusy && isIn(gitBusy)) happen({ kind: 'git is busy' })
    else if (decision.kind === 'push') {
      happen({ kind: 'push began' })
      pushes.push({ began: now, ended: now + pushTakes, result: isIn(down) ? 'passing' : 'done' })
    } else {
      const times = [left[0], schedule.isPushing ? running?.ended : undefined, decision.until ?? undefined]
      now = Math.min(...times.filter((time) => time !== undefined), until + 1)
      if (schedule.isPushing && running?.ended === now) happen(ended(running.result, now + FAR))
      else if (left[0] === now) {
        left.shift()
        happen(CHANGED)
      }
    }
  }
  return pushes
}

describe('whatever happens', () => {
  const span = fc.tuple(fc.nat(20_000), fc.nat(40_000)).map(([from, length]) => [from, from + length] as const)
  const never = [0, 0] as const
  const changes = fc.array(fc.nat(30_000), { maxLength: 60 })
  const pushTakes = fc.integer({ min: 1, max: 3000 })

  test('every change is followed by a push that begins after it and is done', () => {
    fc.assert(
      fc.property(fc.record({ changes, pushTakes, gitBusy: span, down: span }), (world) => {
        const done = simulate(world, 300_000).filter(({ result }) => result === 'done')
        for (const change of world.changes) expect(done.some(({ began }) => began >= change)).toBe(true)
      }),
    )
  })

  test('pushes never overlap', () => {
    fc.assert(
      fc.property(fc.record({ changes, pushTakes, gitBusy: span, down: span }), (world) => {
        const pushes = simulate(world, 300_000)
        pushes.slice(1).forEach(({ began }, index) => {
          expect(began).toBeGreaterThanOrEqual(pushes[index]?.ended ?? 0)
        })
      }),
    )
  })

  test('without a fault, a change waits for the longest storm and the push before it at most', () => {
    fc.assert(
      fc.property(fc.record({ changes, pushTakes }), (world) => {
        const pushes = simulate({ ...world, gitBusy: never, down: never }, 300_000)
        for (const change of world.changes) {
          const next = pushes.find(({ began }) => began >= change)
          expect((next?.began ?? FAR) - change).toBeLessThanOrEqual(TIMING.longest + world.pushTakes)
        }
      }),
    )
  })

  test('no push begins while git works', () => {
    fc.assert(
      fc.property(fc.record({ changes, pushTakes, gitBusy: span }), ({ gitBusy: [from, to], ...world }) => {
        // Longer, and it may seem to wait for the user.
        const busy = [from, Math.min(to, from + TIMING.gitPatience / 2)] as const
        const pushes = simulate({ ...world, gitBusy: busy, down: never }, 300_000)
        expect(pushes.filter(({ began }) => began >= busy[0] && began < busy[1])).toEqual([])
      }),
    )
  })

  test('a receiver that is down for hours is asked every half minute at most', () => {
    fc.assert(
      fc.property(fc.record({ changes, pushTakes: fc.constant(50) }), (world) => {
        const hours = 3 * 3_600_000
        const pushes = simulate({ ...world, gitBusy: never, down: [0, hours] }, hours)
        expect(pushes.length).toBeLessThanOrEqual(hours / TIMING.longestRetry + 6)
      }),
      { numRuns: 20 },
    )
  })
})
