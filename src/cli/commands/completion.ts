import type { ArgumentsCamelCase, Argv } from 'yargs'
import type { CommonArguments } from '../arguments.js'
import { completionScript, SHELLS } from '../completion.js'
import { printerFor } from '../print.js'

export const command = 'completion <shell>'
export const describe = 'a script that completes commands and options: bash, zsh, fish, powershell'

export function builder(yargs: Argv<CommonArguments>) {
  return yargs
    .positional('shell', { choices: SHELLS, demandOption: true, describe: 'the shell that will read it' })
    .example('source <($0 completion bash)', 'in ~/.bashrc; the script’s first line says it for each shell')
}

type CompletionArguments = ArgumentsCamelCase<Awaited<ReturnType<typeof builder>['argv']>>

export async function run(args: CompletionArguments): Promise<number> {
  const printer = printerFor(args)
  const script = completionScript(args.shell)
  printer.event({ event: 'completion', shell: args.shell, script })
  printer.answer(script.trimEnd())
  return 0
}
