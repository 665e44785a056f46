import { NO_OPERATIONS, sumCounts } from '../../delta/operation.js'
import { printable } from '../../support/text.js'
import { type CiOutcome, type CiOutcomes, worstOutcome } from './outcome.js'

/**
 * The outputs of a step. Of several workspaces, numbers are added up, `outcome`, `reason` and `base` are those of the one
 * that fared worst, and `sequence` and `tree`, which no two have in common, are empty; `workspaces` tells of each.
 */
export function outputsOf(outcomes: CiOutcomes): Readonly<Record<string, string>> {
  const each = outcomes.map(factsOf)
  const [only, ...others] = each
  const worst = factsOf(worstOutcome(outcomes))
  const isOne = only !== undefined && others.length === 0
  const counts = sumCounts(outcomes.map(countsOf))
  const total = (numbers: readonly number[]): string => String(numbers.reduce((sum, number) => sum + number, 0))
  return {
    outcome: worst.outcome,
    reason: isOne ? worst.reason : `${worst.folder}: ${worst.reason}`,
    base: worst.base,
    sequence: isOne ? String(only.sequence ?? '') : '',
    tree: isOne ? (only.tree ?? '') : '',
    'bundle-ids': each.flatMap((facts) => facts['bundle-ids']).join(' '),
    created: String(counts.created),
    updated: String(counts.updated),
    deleted: String(counts.deleted),
    moved: String(counts.moved),
    bytes: total(each.map(({ bytes }) => bytes)),
    skipped: total(each.map(({ skipped }) => skipped)),
    workspaces: JSON.stringify(each),
    'state-saved': String(outcomes.some(({ isStateSaved }) => isStateSaved)),
  }
}

/** What is told of one workspace, under the names of the outputs. */
function factsOf(outcome: CiOutcome) {
  const { folder, name, reason, base, report } = outcome
  const bundles = report?.bundles ?? []
  return {
    folder: folder ?? '.',
    outcome: name,
    reason: printable(reason),
    base: base?.kind ?? '',
    sequence: report?.sequence ?? null,
    tree: report?.tree ?? null,
    'bundle-ids': bundles.map(({ id }) => id),
    ...countsOf(outcome),
    bytes: bundles.reduce((sum, { bytes }) => sum + bytes, 0),
    skipped: report?.skipped.length ?? 0,
  }
}

function countsOf({ report }: CiOutcome) {
  return report?.operations ?? NO_OPERATIONS
}
