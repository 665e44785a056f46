import type { Argv } from 'yargs'

/** What every command understands. */
export interface CommonArguments {
  readonly directory: string
  readonly json: boolean
  readonly quiet: boolean
  readonly verbose: boolean
  readonly debug: boolean
  readonly color: (typeof COLOURS)[number]
}

const COLOURS = ['auto', 'always', 'never'] as const

export function withCommon(yargs: Argv): Argv<CommonArguments> {
  return yargs
    .option('directory', {
      alias: 'C',
      type: 'string',
      default: '.',
      defaultDescription: 'this folder',
      requiresArg: true,
      describe: 'work on the workspace of this folder',
    })
    .option('json', { type: 'boolean', default: false, describe: 'print events for programs, one JSON object a line' })
    .option('quiet', { alias: 'q', type: 'boolean', default: false, describe: 'print errors only' })
    .option('verbose', { type: 'boolean', default: false, describe: 'print every step' })
    .option('debug', {
      type: 'boolean',
      default: false,
      describe: 'print what each step, call of git and request took, and where an error came from',
    })
    .option('color', {
      choices: COLOURS,
      default: 'auto' as const,
      requiresArg: true,
      describe: 'auto: where a terminal shows them, and NO_COLOR or FORCE_COLOR say nothing else',
    })
}

export interface ReceiverArguments {
  readonly endpoint: string | undefined
  readonly target: string | undefined
  readonly local: boolean | undefined
  readonly remote: boolean | undefined
  readonly allowInsecureHttp: boolean | undefined
  readonly workspacePath: string | undefined
  readonly pinned: boolean | undefined
  readonly collection: string | undefined
  readonly data: string | undefined
}

/** What every command that talks to a receiver understands; each one wins over the configuration. */
export function withReceiver<Known>(yargs: Argv<Known>) {
  return yargs
    .option('endpoint', { type: 'string', requiresArg: true, describe: 'upload to this server' })
    .option('target', {
      type: 'string',
      requiresArg: true,
      conflicts: 'endpoint',
      describe: 'use this one of the targets in the configuration',
    })
    .option('local', {
      type: 'boolean',
      conflicts: 'endpoint',
      describe: 'use the embedded receiver, whatever is configured',
    })
    .option('remote', {
      type: 'boolean',
      conflicts: 'local',
      describe: 'use the server that is configured, or http://localhost:8080 (like REMOTE_UPLOAD_ENABLED=1)',
    })
    .option('allow-insecure-http', {
      type: 'boolean',
      describe: 'let a credential travel over http:// to another machine, where anybody on the way can read it',
    })
    .option('workspace-path', {
      type: 'string',
      requiresArg: true,
      describe: 'the identity of the workspace at the receiver',
    })
    .option('pinned', {
      type: 'boolean',
      describe: 'add 16 digits of this machine and folder to it, for servers that look at the name of the folder only',
    })
    .option('collection', { type: 'string', requiresArg: true, describe: 'the collection at the receiver' })
    .option('data', { type: 'string', requiresArg: true, describe: 'where the embedded receiver keeps its data' })
}

/** What the commands understand that look at the work tree, and can look at a commit as well. */
export function withCommit<Known>(yargs: Argv<Known>) {
  return yargs.option('commit', {
    type: 'string',
    requiresArg: true,
    describe: 'look at this commit instead of the work tree (works in a bare repository)',
  })
}
