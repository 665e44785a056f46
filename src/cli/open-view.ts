import type { View } from '../inspect/view.js'
import type { CommonArguments, ReceiverArguments } from './arguments.js'
import { openWorkspace } from './open-workspace.js'

/** The one workspace that a command looks at, and its receiver. What that needs is loaded meanwhile. */
export async function openView(args: CommonArguments & ReceiverArguments): Promise<View> {
  const loaded = import('../inspect/view.js')
  const { workspace, config } = await openWorkspace(args)
  return await (await loaded).openView(workspace, config)
}
