import type { Argv } from 'yargs'
import type { CommonArguments } from '../arguments.js'
import * as drop from './outbox-drop.js'
import * as exported from './outbox-export.js'
import * as list from './outbox-list.js'
import * as retry from './outbox-retry.js'
import * as show from './outbox-show.js'

export const command = 'outbox'
export const describe = 'bundles that wait for the receiver: list, show, retry, drop, export'

export function builder(yargs: Argv<CommonArguments>, ending: (exitCode: number) => void) {
  return yargs
    .command(list.command, list.describe, list.builder, async (parsed) => ending(await list.run(parsed)))
    .command(show.command, show.describe, show.builder, async (parsed) => ending(await show.run(parsed)))
    .command(retry.command, retry.describe, retry.builder, async (parsed) => ending(await retry.run(parsed)))
    .command(drop.command, drop.describe, drop.builder, async (parsed) => ending(await drop.run(parsed)))
    .command(exported.command, exported.describe, exported.builder, async (parsed) =>
      ending(await exported.run(parsed)),
    )
    .demandCommand(1, 'Say what to do with the outbox: list, show, retry, drop or export.')
}
