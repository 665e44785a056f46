import { randomUUID } from 'node:crypto'
import { appendFile } from 'node:fs/promises'
import { jobSummary } from '../../report/job-summary.js'
import {
  annotationCommand,
  END_GROUP,
  groupCommand,
  maskCommands,
  outputLines,
  stopCommands,
} from '../../report/workflow-commands.js'
import { writeLine } from '../write.js'
import { annotationsOf } from './annotations.js'
import type { CiOutcome, CiOutcomes } from './outcome.js'
import { outputsOf } from './outputs.js'

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

/** What one workspace came to: annotations, and its part of the job summary. */
export async function tellGitHub(outcome: CiOutcome, environment: NodeJS.ProcessEnv): Promise<void> {
  for (const annotation of annotationsOf(outcome, environment)) say(annotationCommand(annotation))
  const { GITHUB_STEP_SUMMARY: summary } = environment
  if (summary) await appendFile(summary, jobSummary(outcome))
}

/** Once for the step: of two outputs with one name the runner would keep the last. */
export async function writeOutputs(outcomes: CiOutcomes, environment: NodeJS.ProcessEnv): Promise<void> {
  const { GITHUB_OUTPUT: file } = environment
  if (file) await appendFile(file, outputLines(outputsOf(outcomes), `ce-delta-${randomUUID()}`))
}
