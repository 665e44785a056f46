import { asDeltaError, type ErrorCode, usualNext } from '../../support/errors.js'

/** One line of the doctor's: a thing that was looked at, how it is, and what to do. */
export interface Check {
  readonly name: string
  readonly level: 'pass' | 'warn' | 'fail'
  readonly message: string
  readonly fix: string | null
  /** Decides the exit code where the check fails. */
  readonly code: ErrorCode | null
}

export function pass(name: string, message: string): Check {
  return { name, level: 'pass', message, fix: null, code: null }
}

export function warn(name: string, message: string, fix: string): Check {
  return { name, level: 'warn', message, fix, code: null }
}

export function fail(name: string, thrown: unknown, fix: string): Check {
  const { code, message, next } = asDeltaError(thrown)
  return { name, level: 'fail', message, fix: next === usualNext(code) ? fix : next, code }
}

/** A check that cannot be made has failed. */
export async function attempt(name: string, fix: string, check: () => Promise<Check>): Promise<Check> {
  try {
    return await check()
  } catch (thrown) {
    return fail(name, thrown, fix)
  }
}
