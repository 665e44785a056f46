import type { Argv } from 'yargs'
import type { CommonArguments } from '../arguments.js'
import * as apply from './bundle-apply.js'
import * as create from './bundle-create.js'
import * as inspect from './bundle-inspect.js'
import * as verify from './bundle-verify.js'

export const command = 'bundle'
export const describe = 'bundles as files, without a receiver: create, inspect, verify, apply'

export function builder(yargs: Argv<CommonArguments>, ending: (exitCode: number) => void) {
  return yargs
    .command(create.command, create.describe, create.builder, async (parsed) => ending(await create.run(parsed)))
    .command(inspect.command, inspect.describe, inspect.builder, async (parsed) => ending(await inspect.run(parsed)))
    .command(verify.command, verify.describe, verify.builder, async (parsed) => ending(await verify.run(parsed)))
    .command(apply.command, apply.describe, apply.builder, async (parsed) => ending(await apply.run(parsed)))
    .demandCommand(1, 'Say what to do with the bundle: create, inspect, verify or apply.')
}
