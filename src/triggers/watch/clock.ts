/** The same moment on both clocks, in milliseconds. */
export interface Moment {
  /** The clock on the wall, which can be set. */
  readonly wall: number
  /** The clock that only goes on; on some systems not while the machine sleeps. */
  readonly steady: number
}

/** Shorter than any sleep, longer than any delay of a timer on a machine that is busy. */
const TOLERANCE = 8000

/**
 * Whether the machine slept, this process was stopped, or the clock was set, between two beats that should be `beat`
 * milliseconds apart. What was watched meanwhile may have been missed (faults.md row 26).
 */
export function hasJumped(before: Moment, now: Moment, beat: number): boolean {
  const passed = now.steady - before.steady
  const onTheWall = now.wall - before.wall
  return passed > beat + TOLERANCE || Math.abs(onTheWall - passed) > TOLERANCE
}
