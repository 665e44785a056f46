import { join } from 'node:path'
import type { Argv } from 'yargs'
import type { Config } from '../../config/config.js'
import { CAREFUL } from '../../push-request.js'
import type { Workspace } from '../../snapshot/workspace.js'
import { DeltaError } from '../../support/errors.js'
import { gitTextOrNull } from '../../support/git.js'
import { type CommonArguments, type ReceiverArguments, withReceiver } from '../arguments.js'
import { isIgnored, LOCAL_FILES } from '../doctor/workspace.js'
import { inEachWorkspace } from '../each-workspace.js'
import { thisCommand } from '../hook/this-command.js'
import { appendLine, CONFIG_FILE, configText, WORKFLOW_FILE, workflowText, writeNew } from '../init/files.js'
import { nextSteps } from '../init/next-steps.js'
import { askForPlan, type Plan, STEPS, type Step, type Suggestion } from '../init/questions.js'
import { interruptible } from '../interruption.js'
import { findWorkspaces } from '../open-workspace.js'
import { placeFromHere } from '../place.js'
import { type Printer, printerFor, styled } from '../print.js'
import { renderChanges } from '../render-hooks.js'
import { runPush } from '../run-push.js'
import { exitCodeOfReport } from './push.js'

export const command = 'init'
export const describe = 'set a workspace up: configuration, hook, workflow, first push'

export function builder(yargs: Argv<CommonArguments>) {
  return withReceiver(yargs)
    .option('yes', { alias: 'y', type: 'boolean', default: false, describe: 'ask nothing, take the suggestions' })
    .option('without', {
      choices: STEPS,
      array: true,
      default: [],
      defaultDescription: 'nothing',
      describe: 'leave this out',
    })
    .example('$0 init', 'asks what it needs to know')
    .example('$0 init --yes --endpoint https://context.example.com', 'asks nothing')
    .example('$0 init --yes --without hook', 'everything but the hook')
}

type InitArguments = CommonArguments & ReceiverArguments & { readonly yes: boolean; readonly without: readonly Step[] }

/** What is there already is kept, so it can be done again. */
export async function run(args: InitArguments): Promise<number> {
  const interruption = interruptible()
  const printer = printerFor(args)
  const { whole: workspace, folders, open } = await findWorkspaces(args)
  const { config } = await open(folders[0] ?? null)
  if (workspace.kind === 'bare') {
    throw new DeltaError('not-a-repository', 'A bare repository has no work tree to set up.', {
      next: 'Push a commit from its post-receive hook: ce-delta push --commit HEAD',
    })
  }
  const suggestion = suggest(args, workspace, config)
  const plan = args.yes ? suggestion : await askForPlan(suggestion, interruption.signal)
  if (config.file === null) await writeConfig(workspace, plan, printer)
  else printer.note(`${styled('good', '✓')} ${placeFromHere(config.file)} is there already`)
  if (plan.hook) await installHook(workspace, printer)
  if (plan.workflow) await writeWorkflow(workspace, config, plan, printer)
  const exitCode = plan.push ? await firstPush(args, interruption.signal) : 0
  const caller = { environment: process.env, script: (await thisCommand()).script }
  for (const line of nextSteps(plan, caller)) printer.note(line)
  const { endpoint, hook, workflow, push } = plan
  printer.event({ event: 'init', root: workspace.root, endpoint, hook, workflow, push })
  return interruption.exitCode(exitCode)
}

function suggest(args: InitArguments, workspace: Workspace, { endpoint, file }: Config): Suggestion {
  const isReceiverKnown = file !== null || endpoint !== null || args.local === true
  const without: readonly Step[] = workspace.kind === 'work-tree' ? args.without : ['hook', ...args.without]
  const suggested = (step: Step): boolean => !without.includes(step)
  const workflow = endpoint !== null && suggested('workflow')
  return { endpoint, hook: suggested('hook'), workflow, push: suggested('push'), isReceiverKnown, without }
}

async function writeConfig(workspace: Workspace, plan: Plan, printer: Printer): Promise<void> {
  const isNew = await writeNew(join(workspace.root, CONFIG_FILE), configText(plan.endpoint))
  printer.note(`${styled('good', '✓')} ${CONFIG_FILE} ${isNew ? 'written' : 'is there already'}`)
  if (await ignoreLocalFiles(workspace)) printer.note(`${styled('good', '✓')} .gitignore: ${LOCAL_FILES} added`)
}

/** A hook that cannot be installed is told, and does not hold up the rest. */
async function installHook(workspace: Workspace, printer: Printer): Promise<void> {
  const { installHooks } = await import('../../triggers/hook/install.js')
  try {
    renderChanges(printer, await installHooks({ workspace, command: await thisCommand(), outside: false }))
  } catch (thrown) {
    if (!(thrown instanceof DeltaError)) throw thrown
    printer.note(`${styled('careful', '!')} no hook: ${thrown.message}`)
    printer.note(`  ${thrown.next}`)
  }
}

async function writeWorkflow(workspace: Workspace, config: Config, plan: Plan, printer: Printer): Promise<void> {
  if (workspace.git === null || plan.endpoint === null) return
  const branch = await gitTextOrNull(workspace.git.repository, ['symbolic-ref', '--quiet', '--short', 'HEAD'])
  // A copy of its own: two writers of one copy would stop each other.
  const workspacePath = config.workspacePath ?? `/repositories/${workspace.name}`
  const text = workflowText({ branch: branch ?? 'main', endpoint: plan.endpoint, workspacePath })
  const isNew = await writeNew(join(workspace.root, WORKFLOW_FILE), text)
  printer.note(`${styled('good', '✓')} ${WORKFLOW_FILE} ${isNew ? 'written' : 'is there already'}`)
}

async function firstPush(args: InitArguments, signal: AbortSignal): Promise<number> {
  return await inEachWorkspace(args, signal, async ({ workspace, config }) => {
    return exitCodeOfReport(await runPush({ ...CAREFUL, workspace, config }, args, signal))
  })
}

/** Settings of one machine stay on it. Returns whether a rule had to be added. */
async function ignoreLocalFiles(workspace: Workspace): Promise<boolean> {
  if (await isIgnored(workspace, join(workspace.root, LOCAL_FILES.replace('*', 'json')))) return false
  await appendLine(join(workspace.root, '.gitignore'), LOCAL_FILES)
  return true
}
