import type { Argv } from 'yargs'
import { type CommonArguments, type ReceiverArguments, withReceiver } from '../arguments.js'
import { inEachWorkspace } from '../each-workspace.js'

export const command = 'maintain'
/** Not listed: a push starts it by itself, in the background. */
export const describe = false

export function builder(yargs: Argv<CommonArguments>) {
  return withReceiver(yargs)
}

export async function run(args: CommonArguments & ReceiverArguments): Promise<number> {
  const { maintain } = await import('../../maintain.js')
  const { signal } = new AbortController()
  return await inEachWorkspace(args, signal, async ({ workspace, config }) => {
    await maintain(workspace, config)
    return 0
  })
}
