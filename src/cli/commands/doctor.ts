import type { Argv } from 'yargs'
import type { OpenedWorkspace } from '../../api/workspace.js'
import { locateWorkspace } from '../../snapshot/workspace.js'
import { exitCodeOf } from '../../support/errors.js'
import { type CommonArguments, type ReceiverArguments, withReceiver } from '../arguments.js'
import { attempt, type Check, fail } from '../doctor/check.js'
import { interruptible } from '../interruption.js'
import { findWorkspaces } from '../open-workspace.js'
import { printerFor } from '../print.js'
import { renderCheck } from '../render-check.js'

export const command = 'doctor'
export const describe = 'look at everything that a push needs, and say how to mend what is wrong'

export function builder(yargs: Argv<CommonArguments>) {
  return withReceiver(yargs)
    .example('$0 doctor', 'each line passes, warns or fails with what to do')
    .example('$0 doctor --json', 'for a bug report')
}

/** The exit code is that of the first check that failed; warnings do not count. */
export async function run(args: CommonArguments & ReceiverArguments): Promise<number> {
  const interruption = interruptible()
  const printer = printerFor(args)
  const checks: Check[] = []
  for await (const check of examine(args, interruption.signal)) {
    checks.push(check)
    renderCheck(printer, check)
  }
  printer.event({ event: 'doctor', checks })
  const failed = checks.find(({ level }) => level === 'fail')
  return interruption.exitCode(failed === undefined ? 0 : exitCodeOf(failed.code ?? 'internal'))
}

async function* examine(args: CommonArguments & ReceiverArguments, signal: AbortSignal): AsyncGenerator<Check> {
  const [machine, own] = await Promise.all([import('../doctor/machine.js'), import('../doctor/workspace.js')])
  yield machine.checkNode()
  yield await attempt('git', 'Install git.', async () => await machine.checkGit())
  const workspace = await orFailure('repository', locateWorkspace(args.directory, process.env))
  if ('level' in workspace) return yield workspace
  yield own.checkRepository(workspace)
  yield* await own.checkHooks(workspace)
  yield await attempt('disk', 'Look at the disk.', async () => await machine.checkDisk(workspace.root))
  yield await machine.checkInotify()
  yield await attempt('shadow', `rm -r ${workspace.stateDirectory}`, async () => await own.checkShadow(workspace))
  const found = await orFailure('configuration', findWorkspaces(args))
  if ('level' in found) return yield found
  yield await own.checkConfiguration(found.whole, found.sources)
  for (const folder of found.folders) {
    const about = (check: Check): Check =>
      folder === null ? check : { ...check, message: `${folder}: ${check.message}` }
    for await (const check of examineOne(async () => await found.open(folder), signal)) yield about(check)
  }
}

async function* examineOne(open: () => Promise<OpenedWorkspace>, signal: AbortSignal): AsyncGenerator<Check> {
  const [own, receiver, { checkCredential }, { readStatusReport }] = await Promise.all([
    import('../doctor/workspace.js'),
    import('../doctor/receiver.js'),
    import('../doctor/credential.js'),
    import('../../status.js'),
  ])
  const opened = await orFailure('configuration', open())
  if ('level' in opened) return yield opened
  const { workspace } = opened
  if (workspace.part !== null)
    yield await attempt('shadow', `rm -r ${workspace.stateDirectory}`, async () => await own.checkShadow(workspace))
  const status = await orFailure('equality', readStatusReport(workspace, opened.config, signal))
  if ('level' in status) return yield status
  yield* receiver.checkReceiver(opened.config, status)
  yield await attempt('credential', 'ce-delta whoami', async () => {
    return await checkCredential(opened.config, status, signal)
  })
  yield await attempt('clock', 'Check the endpoint.', async () => {
    const difference = await receiver.clockDifference(opened.config, status, signal)
    return receiver.checkClock(new Date(), status, difference)
  })
}

async function orFailure<Value>(name: string, value: Promise<Value>): Promise<Value | Check> {
  try {
    return await value
  } catch (thrown) {
    return fail(name, thrown, 'Mend this first; the rest could not be looked at.')
  }
}
