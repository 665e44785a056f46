import type { Argv } from 'yargs'
import { loginOf } from '../../config/credentials.js'
import { readEnvironment } from '../../config/environment.js'
import { DeltaError } from '../../support/errors.js'
import type { CommonArguments } from '../arguments.js'
import { interruptible } from '../interruption.js'
import type { LoginArguments } from '../login/secret.js'
import { namedServer, type ServerArguments } from '../login/server.js'
import { printerFor, styled } from '../print.js'
import { describeLogin } from '../render-identity.js'

export const command = 'login [server]'
export const describe = 'log in at a Context-Engine server, for this and all other clients of it on this machine'

export function builder(yargs: Argv<CommonArguments>) {
  return withServer(yargs)
    .option('user', {
      type: 'string',
      requiresArg: true,
      describe: 'the user; with a token, what the server knows you by',
    })
    .option('token-stdin', {
      type: 'boolean',
      conflicts: 'password-stdin',
      describe: 'read the token that is shared from standard input',
    })
    .option('password-stdin', {
      type: 'boolean',
      describe: 'read the password from standard input',
    })
    .example('$0 login https://context.example.com', 'asks for the user and the password, which is not shown')
    .example('pass show context | $0 login https://context.example.com --user ada --password-stdin', 'asks nothing')
}

/** The server that `login`, `logout` and `whoami` are about. */
export function withServer<Known>(yargs: Argv<Known>) {
  return yargs
    .positional('server', { type: 'string', describe: 'its address; left out, the one that is configured' })
    .option('target', {
      type: 'string',
      requiresArg: true,
      conflicts: 'server',
      describe: 'the server of this target in the configuration',
    })
    .option('allow-insecure-http', {
      type: 'boolean',
      describe: 'although anybody on the way to an http:// address can read the secret',
    })
}

export async function run(args: ServerArguments & LoginArguments): Promise<number> {
  const interruption = interruptible()
  const printer = printerFor(args)
  const { endpoint, config } = await namedServer(args)
  const [{ login }, { findSecret }] = await Promise.all([import('../../login.js'), import('../login/secret.js')])
  const session = await login(
    endpoint,
    config,
    async () => {
      if (process.stdin.isTTY === true) printer.note(`Logging in at ${endpoint}`)
      else refuseUnnamed(args, endpoint)
      return await findSecret(args, process.env, interruption.signal)
    },
    interruption.signal,
  )
  const known = session === null ? null : loginOf({ token: null, session, certificate: null })
  printer.event({ event: 'login', endpoint, needed: session !== null, login: known })
  if (known === null) printer.note(`${endpoint} asks for no login.`)
  else printer.note(`${styled('good', '✓')} logged in at ${endpoint}: ${describeLogin(known)}`)
  return interruption.exitCode(0)
}

/** Where nobody sees which server it is, a file of the repository alone must not say where the secret goes. */
function refuseUnnamed(args: ServerArguments, endpoint: string): void {
  const named = args.server ?? readEnvironment(process.env).endpoint ?? process.env.CTXCE_AUTH_BACKEND_URL
  if (named !== undefined && new URL(named).origin === new URL(endpoint).origin) return
  throw new DeltaError('usage', `Only a file of the repository names ${endpoint}, and there is nobody to ask.`, {
    next: `If you mean it: ce-delta login ${endpoint}`,
  })
}
