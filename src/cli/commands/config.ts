import type { Argv } from 'yargs'
import type { CommonArguments } from '../arguments.js'
import * as print from './config-print.js'
import * as schema from './config-schema.js'
import * as validate from './config-validate.js'

export const command = 'config'
export const describe = 'the configuration that counts: print, validate, schema'

export function builder(yargs: Argv<CommonArguments>, ending: (exitCode: number) => void) {
  return yargs
    .command(print.command, print.describe, print.builder, async (parsed) => ending(await print.run(parsed)))
    .command(validate.command, validate.describe, validate.builder, async (parsed) =>
      ending(await validate.run(parsed)),
    )
    .command(schema.command, schema.describe, schema.builder, async (parsed) => ending(await schema.run(parsed)))
    .demandCommand(1, 'Say what to do with the configuration: print, validate or schema.')
}
