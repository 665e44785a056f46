import type { Argv } from 'yargs'
import type { Verdict } from '../../delivery/http-login.js'
import { identityOf } from '../../identity.js'
import type { Standing } from '../../login.js'
import { exitCodeOf } from '../../support/errors.js'
import type { CommonArguments } from '../arguments.js'
import { interruptible } from '../interruption.js'
import { namedServer, type ServerArguments } from '../login/server.js'
import { printerFor } from '../print.js'
import { describeLogin, VERDICTS } from '../render-identity.js'
import { withServer } from './login.js'

export const command = 'whoami [server]'
export const describe = 'who is logged in at a server, and what it says of that'

export function builder(yargs: Argv<CommonArguments>) {
  return withServer(yargs)
}

/** Exit code 12 where a push would be refused. */
export async function run(args: ServerArguments): Promise<number> {
  const interruption = interruptible()
  const printer = printerFor(args)
  const { endpoint, workspace, config } = await namedServer(args)
  const { standingAt } = await import('../../login.js')
  const { workspacePath } = identityOf(workspace, config)
  const standing = await standingAt(endpoint, config, workspacePath, interruption.signal)
  const { login, verdict } = standing
  printer.event({ event: 'whoami', endpoint, login, verdict })
  printer.answer(`${endpoint}: ${login === null ? 'nobody' : describeLogin(login)}`)
  printer.answer(describeVerdict(standing))
  const isRefused: readonly Verdict[] = ['unknown', 'may not write']
  return interruption.exitCode(isRefused.includes(verdict) ? exitCodeOf('not-authorised') : 0)
}

function describeVerdict({ login, verdict }: Standing): string {
  if (login === null && verdict === 'unknown') return 'the server asks for a login: ce-delta login'
  return VERDICTS[verdict]
}
