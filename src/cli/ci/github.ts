import { randomUUID } from 'node:crypto'
import { appendFile } from 'node:fs/promises'
import { isAbsolute, relative } from 'node:path'
import { jobSummary } from '../../report/job-summary.js'
import type { ReportedError } from '../../report/report.js'
import {
  type Annotation,
  annotationCommand,
  END_GROUP,
  groupCommand,
  maskCommands,
  outputLines,
  stopCommands,
} from '../../report/workflow-commands.js'
import { isTrouble, type Skipped } from '../../snapshot/eligibility.js'
import { printable } from '../../support/text.js'
import { writeLine } from '../write.js'
import type { CiOutcome } from './outcome.js'

/** How many files are worth an annotation each; GitHub shows ten of a step. */
const MOST_ANNOTATIONS = 9

/** Everything that people read is on standard error, so the commands are as well: their order counts. */
function say(...lines: readonly string[]): void {
  for (const line of lines) writeLine(2, line)
}

export function mask(secret: string | undefined): void {
  if (secret !== undefined) say(...maskCommands(secret))
}

/** Runs something whose output is folded away, and is never read as a command. */
export async function inGroup<Result>(title: string, work: () => Promise<Result>): Promise<Result> {
  say(groupCommand(title))
  const result = await withoutCommands(work)
  say(END_GROUP)
  return result
}

export async function withoutCommands<Result>(work: () => Promise<Result>): Promise<Result> {
  const { stop, resume } = stopCommands(randomUUID())
  say(stop)
  try {
    return await work()
  } finally {
    say(resume)
  }
}

/** Annotations, outputs and job summary of a step. */
export async function tellGitHub(outcome: CiOutcome, environment: NodeJS.ProcessEnv): Promise<void> {
  for (const annotation of annotationsOf(outcome, environment)) say(annotationCommand(annotation))
  const { GITHUB_OUTPUT, GITHUB_STEP_SUMMARY } = environment
  if (GITHUB_OUTPUT) await appendFile(GITHUB_OUTPUT, outputLines(outputsOf(outcome), `ce-delta-${randomUUID()}`))
  if (GITHUB_STEP_SUMMARY) await appendFile(GITHUB_STEP_SUMMARY, jobSummary(outcome))
}

function outputsOf({ name, reason, report, base, isStateSaved }: CiOutcome): Record<string, string> {
  const { created = 0, updated = 0, deleted = 0, moved = 0 } = report?.operations ?? {}
  const bundles = report?.bundles ?? []
  return {
    outcome: name,
    reason: printable(reason),
    base: base?.kind ?? '',
    sequence: String(report?.sequence ?? ''),
    tree: report?.tree ?? '',
    'bundle-ids': bundles.map(({ id }) => id).join(' '),
    created: String(created),
    updated: String(updated),
    deleted: String(deleted),
    moved: String(moved),
    bytes: String(bundles.reduce((sum, { bytes }) => sum + bytes, 0)),
    skipped: String(report?.skipped.length ?? 0),
    'state-saved': String(isStateSaved),
  }
}

function annotationsOf(outcome: CiOutcome, environment: NodeJS.ProcessEnv): Annotation[] {
  const { refused, report, isTolerated } = outcome
  if (refused !== null)
    return [{ level: 'notice', title: 'ce-delta', message: `Nothing was uploaded: ${printable(refused)}.` }]
  if (report === null) return []
  const files = report.skipped.filter(isWorthTelling).slice(0, MOST_ANNOTATIONS).map(aboutFile)
  if (report.error === null) return files
  const { message, next } = report.error
  const text = next === null ? message : `${message} ${next}`
  const level = isTolerated ? 'warning' : 'error'
  return [...files, { level, title: 'ce-delta', message: text, ...placeOf(report.error, environment) }]
}

function isWorthTelling(skipped: Skipped): boolean {
  return isTrouble(skipped) || skipped.reason === 'secret by content'
}

function aboutFile(skipped: Skipped): Annotation {
  const { path, reason, detail } = skipped
  const why = detail === undefined ? reason : `${reason} (${printable(detail)})`
  const fix =
    reason === 'secret by content'
      ? 'Remove the credential, or accept it: ce-delta secrets --accept'
      : 'Rename it, or leave it out: .cedeltaignore'
  return { level: 'warning', title: 'ce-delta left a file out', file: printable(path), message: `${why}. ${fix}` }
}

/** The file where it can be mended: the configuration that is wrong, or the workflow that sets everything else. */
function placeOf({ facts }: ReportedError, environment: NodeJS.ProcessEnv): { file?: string } {
  const { GITHUB_WORKSPACE: root = process.cwd(), GITHUB_WORKFLOW_REF: workflow = '' } = environment
  const { source } = facts
  if (typeof source === 'string' && isAbsolute(source)) return { file: printable(relative(root, source)) }
  const file = /^[^/]+\/[^/]+\/([^@]+)@/.exec(workflow)?.[1]
  return file === undefined ? {} : { file }
}
