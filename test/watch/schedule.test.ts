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

const TIMING: Timing = {
  settle: 300,
  headStart: 1000,
  longest: 2000,
  gitPatience: 10_000,
  firstRetry: 1000,
  longestRetry: 30_000,
}
const CHANGED: Happening = { kind: 'changed' }
const FAR = 1e9

const ended = (result: PushResult, nextLook = FAR): Happening => ({ kind: 'push ended', result, nextLook })
const wait = (until: number | null): Decision => ({ kind: 'wait', until })
const push = (evenIfGitIsBusy = false): Decision => ({ kind: 'push', evenIfGitIsBusy })
const deliver = (evenIfGitIsBusy = false): Decision => ({ kind: 'deliver', evenIfGitIsBusy })
const withdraw: Decision = { kind: 'withdraw' }

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
    ['a change is looked at when half of the rest is over', [[1000, CHANGED]], 1149, wait(1150)],
    ['by a push that begins then', [[1000, CHANGED]], 1150, push()],
    [
      'each change makes the rest begin again',
      [
        [1000, CHANGED],
        [1100, CHANGED],
      ],
      1150,
      wait(1250),
    ],
    [
      'changes that go on are not looked at before they came to rest',
      [
        [1000, CHANGED],
        [1150, CHANGED],
      ],
      1200,
      wait(1450),
    ],
    [
      'nor is anything where a look takes long',
      [
        [500, { kind: 'looked', took: 601 }],
        [1000, CHANGED],
      ],
      1150,
      wait(1300),
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
      'what is looked at ahead of time waits for its rest',
      [
        [1000, CHANGED],
        [1150, BEGAN],
      ],
      1200,
      wait(1300),
    ],
    [
      'and is delivered when it came to it',
      [
        [1000, CHANGED],
        [1150, BEGAN],
      ],
      1300,
      deliver(),
    ],
    [
      'once',
      [
        [1000, CHANGED],
        [1150, BEGAN],
        [1300, { kind: 'came to rest' }],
      ],
      1301,
      wait(null),
    ],
    ...(['changed', 'flush', 'paused', 'git is busy'] as const).map(
      (kind): [string, readonly (readonly [number, Happening])[], number, Decision] => [
        `it is withdrawn where something happened meanwhile: ${kind}`,
        [
          [1000, CHANGED],
          [1150, BEGAN],
          [1200, { kind }],
        ],
        1200,
        withdraw,
      ],
    ),
    [
      'after a change it waits for the rest of that',
      [
        [1000, CHANGED],
        [1150, BEGAN],
        [1200, CHANGED],
        [1210, { kind: 'push withdrawn' }],
      ],
      1350,
      wait(1500),
    ],
    [
      'which counts from the first change in a storm',
      [
        [1000, CHANGED],
        [1150, BEGAN],
        [1200, CHANGED],
        [1210, { kind: 'push withdrawn' }],
        [2900, CHANGED],
      ],
      2900,
      wait(3000),
    ],
    [
      'after a flush the next one begins at once, and delivers at once',
      [
        [1000, CHANGED],
        [1150, BEGAN],
        [1200, { kind: 'flush' }],
        [1210, { kind: 'push withdrawn' }],
      ],
      1210,
      push(true),
    ],
    [
      'after a pause it waits, and nothing is lost',
      [
        [1000, CHANGED],
        [1150, BEGAN],
        [1200, { kind: 'paused' }],
        [1210, { kind: 'push withdrawn' }],
        [9000, { kind: 'resumed' }],
      ],
      9000,
      push(),
    ],
    [
      'a push that somebody asked for is not ahead of time',
      [
        [1000, CHANGED],
        [1010, { kind: 'flush' }],
        [1010, BEGAN],
        [1020, CHANGED],
      ],
      1020,
      wait(null),
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
      wait(1550),
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
      'a push that looks at it ahead of time',
      [
        [1, CHANGED],
        [200, BEGAN],
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
  readonly lookTakes: number
  readonly deliveryTakes: number
  readonly gitBusy: readonly [number, number]
  readonly down: readonly [number, number]
}

interface Begun {
  /** When its look began. */
  readonly began: number
  /** It began before the changes came to rest. */
  readonly isAhead: boolean
}

interface Push extends Begun {
  /** When it began to deliver; null where it was withdrawn. */
  readonly delivered: number | null
  readonly result: PushResult
}

/** Runs a schedule against a world, from one thing that happens to the next, without a clock. */
class Simulation {
  readonly pushes: Push[] = []
  readonly #world: World
  readonly #changes: number[]
  #schedule = newSchedule(0)
  #now = 0
  /** The push that runs: when it has its look, and, once it delivers, when it ends. */
  #running: (Begun & { readonly looked: number; readonly ends: number | null }) | null = null

  constructor(world: World) {
    this.#world = world
    this.#changes = world.changes.toSorted((one, other) => one - other)
  }

  runUntil(end: number): Push[] {
    while (this.#now <= end) {
      const decision = decide(this.#schedule, this.#now, TIMING)
      if (!this.#act(decision)) this.#goTo(decision.kind === 'wait' ? decision.until : null, end)
    }
    return this.pushes
  }

  /** Whether there was something to do now. */
  #act(decision: Decision): boolean {
    const running = this.#running
    const hasLooked = running !== null && running.looked <= this.#now && running.ends === null
    if (decision.kind === 'push' || (decision.kind === 'deliver' && hasLooked)) {
      if (!decision.evenIfGitIsBusy && this.#isIn(this.#world.gitBusy)) this.#happen({ kind: 'git is busy' })
      else if (decision.kind === 'push') this.#begin()
      else this.#happen({ kind: 'came to rest' })
      return true
    }
    if (!hasLooked) return false
    if (decision.kind === 'withdraw') this.#withdraw(running)
    else if (this.#schedule.ahead === null) this.#deliver(running)
    else return false
    return true
  }

  #begin(): void {
    this.#happen({ kind: 'push began' })
    const begun = { began: this.#now, isAhead: this.#schedule.ahead !== null }
    this.#running = { ...begun, looked: this.#now + this.#world.lookTakes, ends: null }
  }

  #withdraw({ began, isAhead }: Begun): void {
    this.pushes.push({ began, isAhead, delivered: null, result: 'passing' })
    this.#running = null
    this.#happen({ kind: 'push withdrawn' })
  }

  #deliver(running: Begun & { readonly looked: number }): void {
    this.#happen({ kind: 'looked', took: this.#world.lookTakes })
    const result = this.#isIn(this.#world.down) ? 'passing' : 'done'
    this.pushes.push({ began: running.began, isAhead: running.isAhead, delivered: this.#now, result })
    this.#running = { ...running, ends: this.#now + this.#world.deliveryTakes }
  }

  /** The next moment at which something happens, and what. */
  #goTo(until: number | null, end: number): void {
    const { ends, looked } = this.#running ?? { ends: null, looked: 0 }
    const times = [this.#changes[0], until, ends, looked > this.#now ? looked : null]
    this.#now = Math.min(...times.filter((time) => time !== undefined && time !== null), end + 1)
    if (ends === this.#now) {
      this.#running = null
      this.#happen(ended(this.pushes.at(-1)?.result ?? 'done', this.#now + FAR))
    } else if (this.#changes[0] === this.#now) {
      this.#changes.shift()
      this.#happen(CHANGED)
    }
  }

  #happen(happening: Happening): void {
    this.#schedule = advance(this.#schedule, happening, this.#now, TIMING)
  }

  #isIn([from, to]: readonly [number, number]): boolean {
    return this.#now >= from && this.#now < to
  }
}

function simulate(world: World, until: number) {
  const pushes = new Simulation(world).runUntil(until)
  const delivered = pushes.flatMap(({ delivered: at, ...push }) => (at === null ? [] : [{ ...push, at }]))
  return { pushes, delivered, done: delivered.filter(({ result }) => result === 'done') }
}

describe('whatever happens', () => {
  const span = fc.tuple(fc.nat(20_000), fc.nat(40_000)).map(([from, length]) => [from, from + length] as const)
  const never = [0, 0] as const
  const changes = fc.array(fc.nat(30_000), { maxLength: 60 })
  const lookTakes = fc.integer({ min: 1, max: 2000 })
  const deliveryTakes = fc.integer({ min: 1, max: 2000 })
  const quiet = fc.record({ changes, lookTakes, deliveryTakes, gitBusy: fc.constant(never), down: fc.constant(never) })
  const troubled = fc.record({ changes, lookTakes, deliveryTakes, gitBusy: span, down: span })

  test('every change is followed by a push that begins after it and is done', () => {
    fc.assert(
      fc.property(troubled, (world) => {
        const { done } = simulate(world, 300_000)
        for (const change of world.changes) expect(done.some(({ began }) => began >= change)).toBe(true)
      }),
    )
  })

  test('nothing is delivered that changed in the settle time before, or since it was looked at ahead of that', () => {
    fc.assert(
      fc.property(quiet, (world) => {
        const { delivered } = simulate(world, 300_000)
        // The first one is made at once.
        delivered.slice(1).forEach(({ began, isAhead, at }, index) => {
          const unseen = world.changes.filter((change) => change > (delivered[index]?.began ?? 0) && change <= began)
          const rest = Math.min(Math.max(...unseen) + TIMING.settle, Math.min(...unseen) + TIMING.longest)
          expect(at).toBeGreaterThanOrEqual(rest)
          expect(isAhead && world.changes.some((change) => change > began && change <= at)).toBe(false)
        })
      }),
    )
  })

  test('looks for nothing are fewer than pushes', () => {
    fc.assert(
      fc.property(quiet, (world) => {
        const { pushes, delivered } = simulate(world, 300_000)
        expect(pushes.length - delivered.length).toBeLessThan(Math.max(1, delivered.length))
      }),
    )
  })

  test('pushes never overlap', () => {
    fc.assert(
      fc.property(troubled, (world) => {
        const { pushes } = simulate(world, 300_000)
        pushes.slice(1).forEach(({ began }, index) => {
          const before = pushes[index]
          const ended = before?.delivered == null ? (before?.began ?? 0) : before.delivered + world.deliveryTakes
          expect(began).toBeGreaterThanOrEqual(ended)
        })
      }),
    )
  })

  test('without a fault, a change waits for the longest storm, and a push and a look before it at most', () => {
    fc.assert(
      fc.property(quiet, (world) => {
        const { delivered } = simulate(world, 300_000)
        const most = TIMING.longest + 2 * world.lookTakes + world.deliveryTakes
        for (const change of world.changes) {
          const next = delivered.find(({ began }) => began >= change)
          expect((next?.began ?? FAR) - change).toBeLessThanOrEqual(most)
        }
      }),
    )
  })

  test('a change that comes alone is delivered when it came to rest, or when it was looked at after half of that', () => {
    fc.assert(
      fc.property(quiet, (world) => {
        const { at } = simulate({ ...world, changes: [50_000] }, 300_000).delivered[1] ?? { at: FAR }
        const isLong = world.lookTakes > 2 * TIMING.settle
        const look = 50_000 + (isLong ? TIMING.settle : TIMING.settle / 2) + world.lookTakes
        expect(at).toBe(Math.max(50_000 + TIMING.settle, look))
      }),
    )
  })

  test('no push begins while git works, and none that began ahead of time delivers then', () => {
    fc.assert(
      fc.property(troubled, ({ gitBusy: [from, to], ...world }) => {
        // Longer, and it may seem to wait for the user.
        const busy = [from, Math.min(to, from + TIMING.gitPatience / 2)] as const
        const { pushes } = simulate({ ...world, gitBusy: busy, down: never }, 300_000)
        const isBusy = (time: number | null) => time !== null && time >= busy[0] && time < busy[1]
        const wrong = pushes.filter(({ began, isAhead, delivered }) => isBusy(began) || (isAhead && isBusy(delivered)))
        expect(wrong).toEqual([])
      }),
    )
  })

  test('a receiver that is down for hours is asked every half minute at most', () => {
    fc.assert(
      fc.property(fc.record({ changes }), (world) => {
        const hours = 3 * 3_600_000
        const down = [0, hours] as const
        const { delivered } = simulate({ ...world, lookTakes: 25, deliveryTakes: 25, gitBusy: never, down }, hours)
        expect(delivered.length).toBeLessThanOrEqual(hours / TIMING.longestRetry + 6)
      }),
      { numRuns: 20 },
    )
  })
})
