import type { Outcome, PushReport } from '../../report/report.js'
import { exitCodeOf } from '../../support/errors.js'
import type { BaseChoice } from '../../triggers/ci/base.js'
import type { CiResult } from '../../triggers/ci/run.js'

/**
 * What fails the step. Configuration, credentials and refusals always do; `refusal` lets a receiver that cannot be
 * reached pass with a warning.
 */
export const FAIL_ON = ['any', 'refusal'] as const

export type FailOn = (typeof FAIL_ON)[number]

/** What a run on a CI system came to. */
export interface CiOutcome {
  readonly name: Outcome | 'skipped'
  /** One sentence for people: why it was skipped or failed, or what the delta was made from. */
  readonly reason: string
  /** Why nothing may be uploaded; null where it may. */
  readonly refused: string | null
  readonly report: PushReport | null
  readonly base: BaseChoice | null
  readonly isStateSaved: boolean
  /** It failed, and the step does not. */
  readonly isTolerated: boolean
}

const UNREACHABLE = 4

export function refusedOutcome(refused: string): CiOutcome {
  const nothing = { report: null, base: null, isStateSaved: false, isTolerated: false }
  return { name: 'skipped', reason: refused, refused, ...nothing }
}

export function outcomeOf({ report, base, isStateSaved }: CiResult, failOn: FailOn): CiOutcome {
  const { error, outcome: name } = report
  const isTolerated = failOn === 'refusal' && isUndelivered(report)
  const reason = error?.message ?? base?.reason ?? ''
  return { name, reason, refused: null, report, base, isStateSaved, isTolerated }
}

/** It was not delivered, and nobody refused it: trying again is all that it needs. */
export function hasToBeRepeated({ report }: CiOutcome): boolean {
  return report !== null && isUndelivered(report)
}

function isUndelivered({ error }: PushReport): boolean {
  return error !== null && exitCodeOf(error.code) === UNREACHABLE
}

/** Files that were left out are a warning here, so 3 does not occur. */
export function exitCodeOfCi({ report, isTolerated }: CiOutcome): number {
  const error = report?.error ?? null
  return error === null || isTolerated ? 0 : exitCodeOf(error.code)
}

/** Something that went wrong before a push could begin. */
export function failedOutcome(report: PushReport): CiOutcome {
  const reason = report.error?.message ?? ''
  return { name: 'failed', reason, refused: null, report, base: null, isStateSaved: false, isTolerated: false }
}
