import type { ArgumentsCamelCase, Argv } from 'yargs'
import type { Workspace } from '../../snapshot/workspace.js'
import { type ErrorCode, exitCodeOf, isErrorCode } from '../../support/errors.js'
import { printable } from '../../support/text.js'
import type { ControlRequest } from '../../triggers/watch/control-place.js'
import type { WatchEvent } from '../../triggers/watch/events.js'
import { type CommonArguments, withReceiver } from '../arguments.js'
import { keepLog } from '../command-log.js'
import { inEachWorkspace } from '../each-workspace.js'
import { interruptible } from '../interruption.js'
import { findWorkspaces, flagsOf } from '../open-workspace.js'
import { type Printer, printerFor, styled } from '../print.js'
import type { StatusLine } from '../status-line.js'

export const command = 'watch'
export const describe = 'push whenever something changed, for as long as it runs'

export function builder(yargs: Argv<CommonArguments>) {
  return withReceiver(yargs)
    .option('status', { type: 'boolean', describe: 'how the running watch of this workspace is' })
    .option('flush', { type: 'boolean', describe: 'let it push now, and wait until that is done' })
    .option('pause', { type: 'boolean', describe: 'let it wait until --resume' })
    .option('resume', { type: 'boolean', describe: 'let it go on' })
    .conflicts({ status: ['flush', 'pause', 'resume'], flush: ['pause', 'resume'], pause: 'resume' })
    .option('settle', {
      type: 'number',
      default: 300,
      requiresArg: true,
      describe: 'milliseconds without a change before anything is sent',
    })
    .option('poll', {
      type: 'boolean',
      default: false,
      describe: 'do not rely on the events of the system (network drives give none)',
    })
    .example('$0 watch', 'a push now, then one whenever changes came to rest')
    .example('$0 watch --flush && make index', 'in another terminal: what is saved has arrived')
}

type WatchArguments = ArgumentsCamelCase<Awaited<ReturnType<typeof builder>['argv']>>

export async function run(args: WatchArguments): Promise<number> {
  const printer = printerFor(args)
  const request = (['status', 'flush', 'pause', 'resume'] as const).find((name) => args[name] === true)
  return request === undefined ? await watchHere(args, printer) : await ask(args, request, printer)
}

async function watchHere(args: WatchArguments, printer: Printer): Promise<number> {
  const interruption = interruptible()
  const { whole, folders, open } = await findWorkspaces(args)
  keepLog(whole.stateDirectory, args.debug)
  const controller = new AbortController()
  const signal = AbortSignal.any([interruption.signal, controller.signal])
  const { statusLineFor } = await import('../status-line.js')
  const isOnlyOne = folders.length === 1
  const speaker = takingTurns(printer)
  const watches = folders.map(async (folder) => {
    const { workspace } = await open(folder)
    const voice = isOnlyOne ? printer : speaker(folder ?? '.')
    await watchOne({ args, whole, workspace, folder, signal }, voice, isOnlyOne ? statusLineFor(args) : null)
  })
  try {
    await Promise.all(watches)
  } finally {
    // One that could not begin ends the others.
    controller.abort()
    await Promise.allSettled(watches)
  }
  return interruption.exitCode(0)
}

interface Watched {
  readonly args: WatchArguments
  readonly whole: Workspace
  readonly workspace: Workspace
  readonly folder: string | null
  readonly signal: AbortSignal
}

async function watchOne(watched: Watched, printer: Printer, line: StatusLine | null): Promise<void> {
  const { args, whole, workspace, folder, signal } = watched
  const [{ watchFolder }, { WatchRenderer }] = await Promise.all([
    import('../../api/watch.js'),
    import('../render-watch.js'),
  ])
  const renderer = new WatchRenderer(printer, line)
  const onEvent = (event: WatchEvent): void => {
    printer.event(event)
    renderer.event(event)
    if (event.event === 'report' && event.outcome === 'confirmed')
      startMaintenance(workspace).catch((thrown: unknown) => onEvent({ event: 'notice', message: String(thrown) }))
  }
  await watchFolder(whole, folder, { signal, onEvent, ...flagsOf(args), poll: args.poll, settle: args.settle })
}

/** Several watches print at the same time: each line for people says of which workspace it is, events are told by turns. */
function takingTurns(printer: Printer): (folder: string) => Printer {
  let speaking = ''
  return (folder) => {
    const name = styled('strong', printable(folder))
    return {
      event: (event) => {
        if (speaking !== folder) printer.event({ event: 'workspace', folder })
        speaking = folder
        printer.event(event)
      },
      answer: (line) => printer.answer(`${name}: ${line}`),
      note: (line) => printer.note(`${name}: ${line}`),
      detail: (line) => printer.detail(`${name}: ${line}`),
    }
  }
}

async function startMaintenance(workspace: Workspace): Promise<void> {
  const { startMaintenanceIfDue } = await import('../../maintain.js')
  await startMaintenanceIfDue(workspace, process.argv[1] ?? '')
}

async function ask(args: WatchArguments, request: ControlRequest, printer: Printer): Promise<number> {
  const { signal } = interruptible()
  return await inEachWorkspace(args, signal, async ({ workspace }) => await askOne(workspace, request, printer))
}

async function askOne({ stateDirectory }: Workspace, request: ControlRequest, printer: Printer): Promise<number> {
  const [{ askWatch }, { parseFlushed, parseStatus }, { renderWatchStatus }] = await Promise.all([
    import('../../triggers/watch/control-client.js'),
    import('../../triggers/watch/parse-status.js'),
    import('../render-watch.js'),
  ])
  const answer = await askWatch(stateDirectory, request)
  printer.event(answer)
  const status = parseStatus(answer)
  const flushed = parseFlushed(answer)
  if (request === 'status' && status !== null) renderWatchStatus(printer, status)
  else if (flushed?.error) printer.note(`${styled('bad', '✗')} ${flushed.error.message}`)
  else printer.note(`${styled('good', '✓')} ${DONE[request]}`)
  return flushed?.error ? exitCodeOf(knownCode(flushed.error.code)) : 0
}

const DONE = {
  status: 'it runs',
  flush: 'everything is pushed',
  pause: 'paused; ce-delta watch --resume lets it go on',
  resume: 'it goes on',
} as const

function knownCode(code: string): ErrorCode {
  return isErrorCode(code) ? code : 'internal'
}
