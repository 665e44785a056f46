import { describe, expect, test } from '@jest/globals'
import { hasJumped, type Moment } from '../../src/triggers/watch/clock.js'

const BEAT = 2000
const HOUR = 3_600_000
const START: Moment = { wall: 1_700_000_000_000, steady: 5000 }

/** The next beat, where so much passed on both clocks. */
function later(wall: number, steady: number): Moment {
  return { wall: START.wall + wall, steady: START.steady + steady }
}

describe('faults.md row 26: the clock between two beats', () => {
  test.each<[string, Moment, boolean]>([
    ['went on', later(BEAT, BEAT), false],
    ['went on, on a machine that is busy', later(BEAT + 3000, BEAT + 3000), false],
    ['was corrected a little', later(BEAT - 700, BEAT), false],
    ['was set forward', later(BEAT + HOUR, BEAT), true],
    ['was set back', later(BEAT - 24 * HOUR, BEAT), true],
    ['the machine slept, and only the wall clock knows', later(HOUR, BEAT), true],
    ['the machine slept, and both clocks know', later(HOUR, HOUR), true],
    ['the process was stopped', later(30_000, 30_000), true],
  ])('%s', (_, now, jumped) => {
    expect(hasJumped(START, now, BEAT)).toBe(jumped)
  })
})
