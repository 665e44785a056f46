import type { Argv } from 'yargs'
import { count, printable } from '../../support/text.js'
import { type CommonArguments, type ReceiverArguments, withReceiver } from '../arguments.js'
import { openWorkspace } from '../open-workspace.js'
import { printerFor } from '../print.js'

export const command = 'secrets [path..]'
export const describe = 'what looks like a credential and keeps its file out of the copy'

export function builder(yargs: Argv<CommonArguments>) {
  return withReceiver(yargs)
    .positional('path', { type: 'string', array: true, describe: 'only in these files' })
    .option('accept', {
      type: 'boolean',
      default: false,
      describe: 'they are none (examples, test keys): write them into .cedelta-baseline.json',
    })
    .example('$0 secrets', 'where they are, without telling them')
    .example('$0 secrets --accept test/fixtures/key.pem', 'from now on this one counts as text')
}

type SecretsArguments = CommonArguments &
  ReceiverArguments & { readonly path: readonly string[] | undefined; readonly accept: boolean }

export async function run(args: SecretsArguments): Promise<number> {
  const printer = printerFor(args)
  const { workspace, config } = await openWorkspace(args)
  const { acceptSecrets, findSecrets } = await import('../../secrets.js')
  const wanted = new Set(args.path ?? [])
  const found = (await findSecrets(workspace, config)).filter(({ path }) => wanted.size === 0 || wanted.has(path))
  if (args.accept) await acceptSecrets(workspace, found)
  printer.event({ event: 'secrets', accepted: args.accept, found })
  for (const { path, line, format, redacted } of found) {
    printer.answer(`${printable(path)}:${line}: ${format} ${redacted}`)
  }
  const findings = found.length === 0 ? 'no content looks like a credential' : count(found.length, 'finding')
  printer.note(args.accept && found.length > 0 ? `${findings} accepted` : findings)
  return 0
}
