import type { Argv } from 'yargs'
import { removeSession, sessionFile } from '../../config/session-file.js'
import type { CommonArguments } from '../arguments.js'
import { namedServer, type ServerArguments } from '../login/server.js'
import { printerFor, styled } from '../print.js'
import { withServer } from './login.js'

export const command = 'logout [server]'
export const describe = 'forget the login at a server, on this machine'

export function builder(yargs: Argv<CommonArguments>) {
  return withServer(yargs)
}

export async function run(args: ServerArguments): Promise<number> {
  const printer = printerFor(args)
  const { endpoint, config } = await namedServer(args)
  const file = sessionFile(process.env)
  const removed = await removeSession(endpoint, process.env)
  printer.event({ event: 'logout', endpoint, removed })
  if (removed) printer.note(`${styled('good', '✓')} logged out of ${endpoint}; the server itself knows no logout`)
  else printer.note(`Nobody was logged in at ${endpoint}.`)
  const { token, session } = config.credentials
  for (const { source } of [token, session].filter((credential) => credential !== null))
    if (source !== file) printer.note(`${styled('careful', '!')} ${source} still has a credential for it`)
  return 0
}
