import type { Argv } from 'yargs'
import { type CommonArguments, type ReceiverArguments, withReceiver } from '../arguments.js'
import { openWorkspace } from '../open-workspace.js'

export const command = 'maintain'
/** Not listed: a push starts it by itself, in the background. */
export const describe = false

export function builder(yargs: Argv<CommonArguments>) {
  return withReceiver(yargs)
}

export async function run(args: CommonArguments & ReceiverArguments): Promise<number> {
  const { workspace, config } = await openWorkspace(args)
  const { maintain } = await import('../../maintain.js')
  await maintain(workspace, config)
  return 0
}
