import type { ArgumentsCamelCase, Argv } from 'yargs'
import { failedReport } from '../../report/report.js'
import { asDeltaError } from '../../support/errors.js'
import { printable } from '../../support/text.js'
import { reasonToRefuse } from '../../triggers/ci/permission.js'
import { type CommonArguments, withReceiver } from '../arguments.js'
import { inGroup, mask, tellGitHub, withoutCommands } from '../ci/github.js'
import { type CiOutcome, exitCodeOfCi, FAIL_ON, failedOutcome, outcomeOf, refusedOutcome } from '../ci/outcome.js'
import { keepLog } from '../command-log.js'
import { interruptible } from '../interruption.js'
import { openWorkspace } from '../open-workspace.js'
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
  const work = async (): Promise<CiOutcome> => await pushFrom(args, interruption.signal)
  const outcome =
    refused !== null ? refusedOutcome(refused) : await (occasion.isGitHub ? inGroup('ce-delta', work) : work())
  printer.event({
    event: 'ci',
    provider: occasion.provider,
    outcome: outcome.name,
    reason: outcome.reason,
    base: outcome.base?.kind ?? null,
  })
  if (outcome.report !== null) printer.event(outcome.report)
  const told = async (): Promise<void> => render(printer, outcome)
  await (occasion.isGitHub ? withoutCommands(told) : told())
  if (occasion.isGitHub) await tellGitHub(outcome, process.env)
  return interruption.exitCode(exitCodeOfCi(outcome))
}

/** What cannot even begin is an outcome as well: it has to reach the outputs and the summary. */
async function pushFrom(args: CiArguments, signal: AbortSignal): Promise<CiOutcome> {
  try {
    const { workspace, config } = await openWorkspace(args)
    keepLog(workspace.stateDirectory, args.debug)
    const { runCi } = await import('../../triggers/ci/run.js')
    const { commit, full, allowMassDelete, base = null, state: stateFolder = null } = args
    const request = { workspace, config, commit, base, full, allowMassDelete, stateFolder }
    const result = await withProgress(args, signal, async (context) => await runCi(request, context))
    return outcomeOf(result, args.failOn)
  } catch (thrown) {
    const facts = { workspace: args.directory, receiver: args.endpoint ?? '', duration: 0 }
    return failedOutcome(failedReport({ ...facts, error: asDeltaError(thrown) }))
  }
}

function render(printer: Printer, { refused, base, report, isTolerated }: CiOutcome): void {
  if (refused !== null) printer.note(`${styled('careful', '–')} nothing was uploaded: ${printable(refused)}`)
  if (base !== null) printer.note(`base: ${base.kind}. ${printable(base.reason)}`)
  if (report !== null) renderReport(printer, report)
  if (isTolerated) printer.note(styled('careful', '  --fail-on=refusal: this does not fail the run'))
}
