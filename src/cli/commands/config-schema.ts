import type { Argv } from 'yargs'
import type { CommonArguments } from '../arguments.js'
import { printerFor } from '../print.js'

export const command = 'schema'
export const describe = 'the JSON schema of a configuration file, for editors'

export function builder(yargs: Argv<CommonArguments>) {
  return yargs.example('$0 config schema > schema.json', '"$schema": "./schema.json" in ce-delta.config.json')
}

export async function run(args: CommonArguments): Promise<number> {
  const { default: schema } = await import('../../config/schema.json', { with: { type: 'json' } })
  const printer = printerFor(args)
  printer.event({ event: 'configuration-schema', schema })
  printer.answer(JSON.stringify(schema, null, 2))
  return 0
}
