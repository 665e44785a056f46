import type { ArgumentsCamelCase, Argv } from 'yargs'
import type { PushReport } from '../../report/report.js'
import { isTrouble } from '../../snapshot/eligibility.js'
import type { Workspace } from '../../snapshot/workspace.js'
import { exitCodeOf } from '../../support/errors.js'
import { type CommonArguments, withReceiver } from '../arguments.js'
import { inEachWorkspace } from '../each-workspace.js'
import { interruptible } from '../interruption.js'
import { runPush } from '../run-push.js'

export const command = 'push'
export const describe = 'send what changed since the last push, and prove that both ends are equal'

export function builder(yargs: Argv<CommonArguments>) {
  return withReceiver(yargs)
    .option('dry-run', {
      alias: 'n',
      type: 'boolean',
      default: false,
      describe: 'print every operation and every file left out; send nothing',
    })
    .option('commit', {
      type: 'string',
      requiresArg: true,
      describe: 'push this commit instead of the work tree (works in a bare repository)',
    })
    .option('full', { type: 'boolean', default: false, describe: 'send everything, whatever the receiver has' })
    .option('force', {
      type: 'boolean',
      default: false,
      describe: 'overwrite what another writer left at the receiver; push a folder that is too large to be meant',
    })
    .option('allow-mass-delete', {
      type: 'boolean',
      default: false,
      describe: 'delete most of what the receiver has',
    })
    .example('$0 push', 'into the embedded receiver, or to the configured endpoint')
    .example('$0 push --dry-run', 'what would be sent, and what would not')
    .example('$0 push --commit HEAD', 'what CI and server-side hooks use')
}

type PushArguments = ArgumentsCamelCase<Awaited<ReturnType<typeof builder>['argv']>>

export async function run(args: PushArguments): Promise<number> {
  const interruption = interruptible()
  const { force, full, dryRun, allowMassDelete, commit = null } = args
  // What the push itself needs is loaded while git is asked where the workspace is.
  const loaded = import('../../push.js')
  const exitCode = await inEachWorkspace(args, interruption.signal, async ({ workspace, config }) => {
    await loaded
    const request = { workspace, config, force, full, dryRun, allowMassDelete, commit }
    const report = await runPush(request, args, interruption.signal)
    if (report.outcome === 'confirmed') await startMaintenance(workspace)
    return exitCodeOfReport(report)
  })
  return interruption.exitCode(exitCode)
}

async function startMaintenance(workspace: Workspace): Promise<void> {
  const { startMaintenanceIfDue } = await import('../../maintain.js')
  await startMaintenanceIfDue(workspace, process.argv[1] ?? '')
}

/** 3: done, but some files could not be read or carried. */
export function exitCodeOfReport(report: PushReport): number {
  if (report.error !== null) return exitCodeOf(report.error.code)
  return report.skipped.some(isTrouble) ? 3 : 0
}
