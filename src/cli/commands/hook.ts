import type { Argv } from 'yargs'
import { locateWorkspace, type Workspace } from '../../snapshot/workspace.js'
import { DeltaError, exitCodeOf } from '../../support/errors.js'
import { type CommonArguments, type ReceiverArguments, withReceiver } from '../arguments.js'
import { keepLog } from '../command-log.js'
import { thisCommand } from '../hook/this-command.js'
import { interruptible } from '../interruption.js'
import { type Printer, printerFor } from '../print.js'
import { renderChanges, renderHooks, renderStats } from '../render-hooks.js'

export const command = 'hook <action> [name]'
export const describe = 'push after every commit, merge, checkout and rebase, in the background'

const ACTIONS = ['install', 'uninstall', 'status', 'stats', 'run'] as const

export function builder(yargs: Argv<CommonArguments>) {
  return withReceiver(yargs)
    .positional('action', {
      choices: ACTIONS,
      demandOption: true,
      describe: 'stats: how long the hooks take; run: what a hook starts in the background',
    })
    .positional('name', { type: 'string', describe: 'with run: the hook' })
    .option('outside', {
      type: 'boolean',
      default: false,
      describe: 'also where core.hooksPath leads out of the repository',
    })
    .example('$0 hook install', 'into husky, lefthook, core.hooksPath or plain hooks, beside what is there')
    .example('$0 hook status', 'every worktree: what is installed, and how the last push went')
    .example('$0 hook uninstall', 'removes exactly what was added')
    .example('CE_DELTA=0 git commit', 'once without it')
}

type HookArguments = CommonArguments &
  ReceiverArguments & {
    readonly action: (typeof ACTIONS)[number]
    readonly name: string | undefined
    readonly outside: boolean
  }

export async function run(args: HookArguments): Promise<number> {
  const printer = printerFor(args)
  if (args.action === 'run') return await runInBackground(args)
  const workspace = await locateWorkspace(args.directory, process.env)
  switch (args.action) {
    case 'install':
      return await install(workspace, args.outside, printer)
    case 'uninstall':
      return await uninstall(workspace, args.outside, printer)
    case 'status':
      return await status(workspace, printer)
    case 'stats':
      return await stats(workspace, printer)
  }
}

/** Refused hooks do not hold up the others, but they count in the exit code. */
async function install(workspace: Workspace, outside: boolean, printer: Printer): Promise<number> {
  const { installHooks } = await import('../../triggers/hook/install.js')
  const result = await installHooks({ workspace, command: await thisCommand(), outside })
  const hooks = result.hooks.map(({ hook, file, change, error }) => {
    return { hook, file, change, error: error?.message ?? null, next: error?.next ?? null }
  })
  printer.event({ event: 'hook-install', manager: result.folder.manager, folder: result.folder.directory, hooks })
  renderChanges(printer, result)
  const refused = result.hooks.find(({ error }) => error !== null)?.error
  return refused === null || refused === undefined ? 0 : exitCodeOf(refused.code)
}

async function uninstall(workspace: Workspace, outside: boolean, printer: Printer): Promise<number> {
  const { uninstallHooks } = await import('../../triggers/hook/uninstall.js')
  const { files } = await uninstallHooks(workspace, outside)
  printer.event({ event: 'hook-uninstall', files })
  for (const file of files) printer.note(`removed from ${file}`)
  if (files.length === 0) printer.note('nothing was installed')
  return 0
}

async function status(workspace: Workspace, printer: Printer): Promise<number> {
  const { inspectHooks } = await import('../../triggers/hook/inspect.js')
  const worktrees = await inspectHooks(workspace, process.env)
  printer.event({
    event: 'hook-status',
    worktrees: worktrees.map(({ root, manager, folder, installed, problem, lastRun, lastFailure }) => {
      return { root, manager, folder, installed, problem, last_run: lastRun, last_failure: lastFailure }
    }),
  })
  for (const worktree of worktrees) renderHooks(printer, worktree)
  return 0
}

async function stats(workspace: Workspace, printer: Printer): Promise<number> {
  const { measureHooks } = await import('../../triggers/hook/measure.js')
  const measured = await measureHooks(workspace)
  printer.event({ event: 'hook-stats', ...measured })
  renderStats(printer, measured)
  return 0
}

/** Its words go to the log, and its exit code to nobody: a hook never fails. */
async function runInBackground(args: HookArguments): Promise<number> {
  process.on('SIGHUP', () => undefined)
  const interruption = interruptible()
  const [{ runHook }, { isHookName }, { pushEach }] = await Promise.all([
    import('../../triggers/hook/run.js'),
    import('../../triggers/hook/names.js'),
    import('../hook/push-each.js'),
  ])
  const hook = args.name ?? ''
  if (!isHookName(hook)) throw new DeltaError('usage', `${hook} is no hook of ours.`, { next: 'ce-delta hook --help' })
  const printer = printerFor(args)
  const workspace = await locateWorkspace(args.directory, process.env)
  keepLog(workspace.stateDirectory, args.debug)
  const result = await runHook({
    hook,
    workspace,
    signal: interruption.signal,
    now: () => new Date(),
    push: async () => await pushEach(args, printer, interruption.signal),
  })
  printer.event({ event: 'hook-run', hook, outcome: result.outcome })
  const words = result.error === null ? result.outcome : `${result.outcome}: ${result.error.message}`
  printer.note(`${new Date().toISOString()} ${hook} ${words}`)
  return 0
}
