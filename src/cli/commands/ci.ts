import { join } from 'node:path'
import type { ArgumentsCamelCase, Argv } from 'yargs'
import type { OpenedWorkspace } from '../../api/workspace.js'
import { failedReport } from '../../report/report.js'
import { asDeltaError } from '../../support/errors.js'
import { printable } from '../../support/text.js'
import type { CiOccasion } from '../../triggers/ci/permission.js'
import { reasonToRefuse } from '../../triggers/ci/permission.js'
import { type CommonArguments, withReceiver } from '../arguments.js'
import { inGroup, mask, tellGitHub, withoutCommands, writeOutputs } from '../ci/github.js'
import {
  type CiOutcome,
  type CiOutcomes,
  exitCodeOfCi,
  FAIL_ON,
  failedOutcome,
  hasToBeRepeated,
  outcomeOf,
  refusedOutcome,
} from '../ci/outcome.js'
import { keepLog } from '../command-log.js'
import { worstOf } from '../each-workspace.js'
import { interruptible } from '../interruption.js'
import { findWorkspaces } from '../open-workspace.js'
import { type Printer, printerFor, styled } from '../print.js'
import { renderReport } from '../render.js'
import { withProgress } from '../run-push.js'

export const command = 'ci'
export const describe = 'push a commit from a CI system, where nothing is kept between two runs'

export function builder(yargs: Argv<CommonArguments>) {
  return withReceiver(yargs)
    .option('commit', { type: 'string', requiresArg: true, default: 'HEAD', describe: 'what to push' })
    .option('base', {
      type: 'string',
      requiresArg: true,
      describe: 'the commit that the receiver holds, where neither it nor the state can tell',
    })
    .option('full', { type: 'boolean', default: false, describe: 'send everything, whatever the receiver has' })
    .option('fail-on', {
      choices: FAIL_ON,
      default: 'any' as const,
      describe: 'refusal: a receiver that cannot be reached is only a warning',
    })
    .option('state', { type: 'string', requiresArg: true, describe: 'a folder that is kept from run to run (a cache)' })
    .option('allow-foreign', {
      type: 'boolean',
      default: false,
      describe: 'also upload what a fork proposes, with the rights of this run',
    })
    .option('allow-mass-delete', { type: 'boolean', default: false, describe: 'delete most of what the receiver has' })
    .example('$0 ci', 'the commit that is checked out; in GitHub Actions with annotations, outputs and a summary')
    .example('$0 ci --state .ce-delta-state', 'what the last run left there makes it cheaper')
}

type CiArguments = ArgumentsCamelCase<Awaited<ReturnType<typeof builder>['argv']>>

export async function run(args: CiArguments): Promise<number> {
  const interruption = interruptible()
  const printer = printerFor(args)
  const { readOccasion } = await import('../../triggers/ci/occasion.js')
  const occasion = await readOccasion(process.env)
  if (occasion.isGitHub) mask(process.env.CE_DELTA_TOKEN)
  const refused = args.allowForeign ? null : reasonToRefuse(occasion)
  const work = async (): Promise<CiOutcomes> => await pushEach(args, interruption.signal)
  const outcomes: CiOutcomes =
    refused !== null ? [refusedOutcome(refused)] : await (occasion.isGitHub ? inGroup('ce-delta', work) : work())
  for (const outcome of outcomes) await tell(outcome, occasion, printer)
  if (occasion.isGitHub) await writeOutputs(outcomes, process.env)
  return interruption.exitCode(worstOf(outcomes.map(exitCodeOfCi)))
}

async function tell(outcome: CiOutcome, { provider, isGitHub }: CiOccasion, printer: Printer): Promise<void> {
  const { folder, name, reason, base, report } = outcome
  if (folder !== null) printer.event({ event: 'workspace', folder })
  printer.event({ event: 'ci', provider, outcome: name, reason, base: base?.kind ?? null })
  if (report !== null) printer.event(report)
  const told = async (): Promise<void> => render(printer, outcome)
  await (isGitHub ? withoutCommands(told) : told())
  if (isGitHub) await tellGitHub(outcome, process.env)
}

/** One outcome for each workspace that is meant. What fails in one does not hold up the others. */
async function pushEach(args: CiArguments, signal: AbortSignal): Promise<CiOutcomes> {
  try {
    const { folders, open } = await findWorkspaces(args)
    const [first = null, ...others] = folders
    const pushOne = async (folder: string | null) =>
      await pushFrom(args, folder, async () => await open(folder), signal)
    const outcomes: [CiOutcome, ...CiOutcome[]] = [await pushOne(first)]
    for (const folder of others) outcomes.push(await pushOne(folder))
    return outcomes
  } catch (thrown) {
    return [couldNotBegin(args, null, thrown)]
  }
}

/** What cannot even begin is an outcome as well: it has to reach the outputs and the summary. */
async function pushFrom(
  args: CiArguments,
  folder: string | null,
  open: () => Promise<OpenedWorkspace>,
  signal: AbortSignal,
): Promise<CiOutcome> {
  try {
    const { workspace, config } = await open()
    keepLog(workspace.stateDirectory, args.debug)
    const { runCi } = await import('../../triggers/ci/run.js')
    const { commit, full, allowMassDelete, base = null, state = null } = args
    const stateFolder = state === null || folder === null ? state : join(state, ...folder.split('/'))
    const request = { workspace, config, commit, base, full, allowMassDelete, stateFolder }
    const result = await withProgress(args, signal, async (context) => await runCi(request, context))
    return outcomeOf(result, folder, workspace.root, args.failOn)
  } catch (thrown) {
    return couldNotBegin(args, folder, thrown)
  }
}

function couldNotBegin(args: CiArguments, folder: string | null, thrown: unknown): CiOutcome {
  const facts = { workspace: folder ?? args.directory, receiver: args.endpoint ?? '', duration: 0 }
  return failedOutcome(failedReport({ ...facts, error: asDeltaError(thrown) }), folder)
}

/** Not that what is queued waits for the next push: a checkout is thrown away, and its queue with it. */
const AGAIN = 'Run the job again, or leave it to the next commit, which sends this as well.'

function render(printer: Printer, outcome: CiOutcome): void {
  const { folder, refused, base, report, isTolerated } = outcome
  if (folder !== null) printer.note(styled('strong', printable(folder)))
  if (refused !== null) printer.note(`${styled('careful', '–')} nothing was uploaded: ${printable(refused)}`)
  if (base !== null) printer.note(`base: ${base.kind}. ${printable(base.reason)}`)
  if (report !== null) renderReport(printer, report)
  if (hasToBeRepeated(outcome)) printer.note(`  ${AGAIN}`)
  if (isTolerated) printer.note(styled('careful', '  --fail-on=refusal: this does not fail the run'))
}
