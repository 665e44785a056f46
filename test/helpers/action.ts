import { execFile } from 'node:child_process'
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { parse } from 'yaml'
import { asFields } from '../../src/support/json.js'
import { thisMachine } from './command.js'
import { gitEnvironment, temporaryDirectory } from './workspace.js'

export const PROJECT = fileURLToPath(new URL('../..', import.meta.url))

export interface Step {
  readonly id?: string
  readonly if?: string
  readonly uses?: string
  readonly run?: string
  readonly shell?: string
  readonly env?: Readonly<Record<string, string>>
  readonly with?: Readonly<Record<string, string>>
}

export interface Action {
  readonly inputs: Readonly<Record<string, { readonly default: string; readonly description: string }>>
  readonly outputs: Readonly<Record<string, { readonly value: string }>>
  readonly runs: { readonly using: string; readonly steps: readonly Step[] }
}

export async function readAction(): Promise<Action> {
  return parse(await readFile(join(PROJECT, 'action.yml'), 'utf8'))
}

export interface ActionRun {
  readonly isSuccess: boolean
  readonly outputs: Readonly<Record<string, string>>
  readonly log: string
  readonly summary: string
}

/** What the runner of GitHub Actions knows: the event, and the caches that earlier runs left. */
export interface Runner {
  readonly event?: string
  readonly payload?: unknown
  readonly cache?: Map<string, string>
  readonly env?: NodeJS.ProcessEnv
}

/**
 * Runs the action in a checkout as the runner does: every script under bash with the files that steps write to, and the
 * two steps of actions/cache as a folder that is kept.
 */
export async function runAction(
  checkout: string,
  inputs: Readonly<Record<string, string>>,
  runner: Runner = {},
): Promise<ActionRun> {
  const action = await readAction()
  const temporary = await temporaryDirectory()
  const summaryFile = join(temporary, 'summary')
  const eventFile = join(temporary, 'event.json')
  await writeFile(eventFile, JSON.stringify(runner.payload ?? {}))
  const values = new Map<string, string>([
    ['github.action_path', PROJECT],
    ['github.run_id', String(++runs)],
    ['github.run_attempt', '1'],
    ...Object.entries(action.inputs).map(([name, input]): [string, string] => [`inputs.${name}`, input.default]),
    ...Object.entries(inputs).map(([name, value]): [string, string] => [`inputs.${name}`, value]),
  ])
  const fill = (text: string): string => text.replace(/\$\{\{ ([^}]+) \}\}/g, (_, name) => values.get(name) ?? '')
  const context = { checkout, temporary, summaryFile, eventFile, runner, fill }
  let [isSuccess, log] = [true, '']
  for (const step of action.runs.steps) {
    if (!isDue(step, isSuccess, values)) continue
    if (step.uses !== undefined) await useCache(step, runner.cache ?? new Map(), fill)
    if (step.run === undefined) continue
    const told = await runScript(step, context)
    log += told.log
    isSuccess &&= told.exitCode === 0
    for (const [name, value] of told.outputs) values.set(`steps.${step.id}.outputs.${name}`, value)
  }
  const outputs = Object.entries(action.outputs).map(([name, { value }]) => [name, fill(value)])
  const summary = await readFile(summaryFile, 'utf8').catch(() => '')
  return { isSuccess, outputs: Object.fromEntries(outputs), log, summary }
}

let runs = 0

function isDue(step: Step, isSuccess: boolean, values: ReadonlyMap<string, string>): boolean {
  if (step.if === undefined) return isSuccess
  const [, name = '', value] = /^always\(\) && (\S+) == '(\w+)'$/.exec(step.if) ?? []
  if (name === '') throw new Error(`The test does not understand: ${step.if}`)
  return values.get(name) === value
}

async function useCache(step: Step, cache: Map<string, string>, fill: (text: string) => string): Promise<void> {
  const path = fill(step.with?.path ?? '')
  const key = fill(step.with?.key ?? '')
  if (step.uses?.includes('/save@')) {
    const kept = join(await temporaryDirectory(), 'kept')
    await cp(path, kept, { recursive: true })
    cache.set(key, kept)
    return
  }
  const prefix = fill(step.with?.['restore-keys'] ?? key)
  const found = [...cache].filter(([name]) => name.startsWith(prefix)).at(-1)
  if (found !== undefined) await cp(found[1], path, { recursive: true })
}

interface ScriptContext {
  readonly checkout: string
  readonly temporary: string
  readonly summaryFile: string
  readonly eventFile: string
  readonly runner: Runner
  readonly fill: (text: string) => string
}

async function runScript(step: Step, context: ScriptContext) {
  const { checkout, temporary, summaryFile, eventFile, runner, fill } = context
  const { home } = await thisMachine()
  const [outputFile, scriptFile] = [join(temporary, `output-${step.id}`), join(temporary, `script-${step.id}.sh`)]
  await mkdir(temporary, { recursive: true })
  await writeFile(outputFile, '')
  await writeFile(scriptFile, fill(step.run ?? ''))
  const own = Object.entries(gitEnvironment()).filter(([name]) => !/^(XDG_|CE_DELTA_|REMOTE_|GITHUB_|CI$)/.test(name))
  const env = {
    ...Object.fromEntries(own),
    HOME: home,
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_EVENT_NAME: runner.event ?? 'push',
    GITHUB_EVENT_PATH: eventFile,
    GITHUB_OUTPUT: outputFile,
    GITHUB_STEP_SUMMARY: summaryFile,
    GITHUB_WORKSPACE: checkout,
    GITHUB_WORKFLOW_REF: 'octo/app/.github/workflows/upload.yml@refs/heads/main',
    RUNNER_TEMP: temporary,
    REMOTE_UPLOAD_MAX_RETRIES: '0',
    ...runner.env,
    ...Object.fromEntries(Object.entries(step.env ?? {}).map(([name, value]) => [name, fill(value)])),
  }
  const args = ['--noprofile', '--norc', '-eo', 'pipefail', scriptFile]
  const { exitCode, log } = await bash(args, checkout, env)
  return { exitCode, log, outputs: parseOutputs(await readFile(outputFile, 'utf8')) }
}

async function bash(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv) {
  try {
    const { stdout, stderr } = await promisify(execFile)('bash', args, { cwd, env })
    return { exitCode: 0, log: stdout + stderr }
  } catch (thrown) {
    const fields = asFields(thrown)
    if (typeof fields?.code !== 'number') throw thrown
    return { exitCode: fields.code, log: `${fields.stdout}${fields.stderr}` }
  }
}

/** As the runner reads it: `name=value`, or `name<<mark` up to the mark. */
export function parseOutputs(text: string): Map<string, string> {
  const outputs = new Map<string, string>()
  const lines = text.split('\n')
  for (let line = lines.shift(); line !== undefined; line = lines.shift()) {
    if (line === '') continue
    const [, name = '', sign, rest = ''] = /^([^=<]+)(=|<<)(.*)$/s.exec(line) ?? []
    if (sign === undefined) throw new Error(`The runner would refuse: ${line}`)
    if (sign === '=') outputs.set(name, rest)
    else
      outputs.set(
        name,
        lines
          .splice(0, lines.indexOf(rest) + 1)
          .slice(0, -1)
          .join('\n'),
      )
  }
  return outputs
}

/** The lines that the runner would take for commands, those that it was told to ignore left out. */
export function commandsIn(log: string): string[] {
  const commands: string[] = []
  let resume: string | null = null
  for (const line of log.split('\n')) {
    if (resume !== null) {
      if (line.trim() === resume) resume = null
      continue
    }
    const token = /^::stop-commands::(.+)$/.exec(line.trim())?.[1]
    if (token !== undefined) resume = `::${token}::`
    else if (/^\s*::|##\[/.test(line)) commands.push(line)
  }
  return commands
}
