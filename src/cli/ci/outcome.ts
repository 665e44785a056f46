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

/** What a run on a CI system came to, in one workspace. */
export interface CiOutcome {
  /** Which one, where there are several. */
  readonly folder: string | null
  /** Where its files are; null where that did not come up. */
  readonly root: string | null
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

/** Of every workspace that is meant. */
export type CiOutcomes = readonly [CiOutcome, ...CiOutcome[]]

const UNREACHABLE = 4

const NOTHING = {
  folder: null,
  root: null,
  refused: null,
  report: null,
  base: null,
  isStateSaved: false,
  isTolerated: false,
} as const

export function refusedOutcome(refused: string): CiOutcome {
  return { ...NOTHING, name: 'skipped', reason: refused, refused }
}

export function outcomeOf(result: CiResult, folder: string | null, root: string, failOn: FailOn): CiOutcome {
  const { report, base, isStateSaved } = result
  const { error, outcome: name } = report
  const isTolerated = failOn === 'refusal' && isUndelivered(report)
  const reason = error?.message ?? base?.reason ?? ''
  return { folder, root, name, reason, refused: null, report, base, isStateSaved, isTolerated }
}

/** Something that went wrong before a push could begin. */
export function failedOutcome(report: PushReport, folder: string | null): CiOutcome {
  return { ...NOTHING, folder, name: 'failed', reason: report.error?.message ?? '', report }
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

/** The one that says most about how the run went: a failure, else something that was sent. */
export function worstOutcome([first, ...others]: CiOutcomes): CiOutcome {
  return others.reduce((worst, one) => (weightOf(one) > weightOf(worst) ? one : worst), first)
}

const FROM_THE_LIGHTEST = ['skipped', 'dry-run', 'unchanged', 'confirmed', 'queued', 'failed'] as const

function weightOf(outcome: CiOutcome): number {
  const trouble = outcome.report?.error == null ? 0 : outcome.isTolerated ? 1 : 2
  return trouble * FROM_THE_LIGHTEST.length + FROM_THE_LIGHTEST.indexOf(outcome.name)
}
