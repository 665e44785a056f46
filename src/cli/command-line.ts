import yargs, { type Argv } from 'yargs'
import { asDeltaError } from '../support/errors.js'
import { VERSION } from '../support/version.js'
import { type CommonArguments, withCommon } from './arguments.js'
import * as bundle from './commands/bundle.js'
import * as ci from './commands/ci.js'
import * as completion from './commands/completion.js'
import * as config from './commands/config.js'
import * as diff from './commands/diff.js'
import * as doctor from './commands/doctor.js'
import * as explain from './commands/explain.js'
import * as hook from './commands/hook.js'
import * as init from './commands/init.js'
import * as log from './commands/log.js'
import * as login from './commands/login.js'
import * as logout from './commands/logout.js'
import * as maintain from './commands/maintain.js'
import * as outbox from './commands/outbox.js'
import * as push from './commands/push.js'
import * as relay from './commands/relay.js'
import * as secrets from './commands/secrets.js'
import * as serve from './commands/serve.js'
import * as show from './commands/show.js'
import * as status from './commands/status.js'
import * as verify from './commands/verify.js'
import * as watch from './commands/watch.js'
import * as whoami from './commands/whoami.js'
import { forceColours, tellTraces } from './debug.js'
import { reportFailure } from './failure.js'
import { USAGE_WORDS, wrongUsage } from './wrong-usage.js'

/**
 * Parses a command line and runs its command. Returns the exit code; nothing else decides it (design.md §5).
 * The commands describe themselves here; what they do is loaded when they run.
 */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  let exitCode = 0
  const ending = (code: number): void => {
    exitCode = code
  }
  if (args.includes('--debug')) tellTraces()
  try {
    const cli = describeCommands(args, ending)
    if (hasInternals(cli)) cli.getInternalMethods().getUsageInstance().cacheHelpMessage = () => undefined
    await cli.parseAsync()
    return exitCode
  } catch (thrown) {
    const error = thrown instanceof UsageProblem ? await wrongUsage(thrown.message, args, helpOf) : asDeltaError(thrown)
    return reportFailure(error, args.includes('--json'))
  }
}

/**
 * yargs lays out the whole help of every command that it runs, for the case that it fails. Ours tell by themselves what
 * went wrong. There is no public way to leave it out, and it takes an eighth of the processor time of a push without
 * changes, so this reaches into yargs; the lock file holds its version.
 */
interface Internals {
  getInternalMethods(): { getUsageInstance(): { cacheHelpMessage: () => void } }
}

function hasInternals(cli: object): cli is Internals {
  return 'getInternalMethods' in cli
}

/** What yargs complains of. */
class UsageProblem extends Error {}

async function helpOf(words: readonly string[]): Promise<string> {
  return await describeCommands(words, () => undefined).getHelp()
}

function describeCommands(args: readonly string[], ending: (exitCode: number) => void): Argv {
  return withCommon(yargs([...args]).scriptName('ce-delta'))
    .usage('$0 <command>\n\nKeeps an exact copy of your work tree on a code-search server, and proves it.')
    .command(init.command, init.describe, init.builder, async (parsed) => ending(await init.run(parsed)))
    .command(push.command, push.describe, push.builder, async (parsed) => ending(await push.run(parsed)))
    .command(status.command, status.describe, status.builder, async (parsed) => ending(await status.run(parsed)))
    .command(diff.command, diff.describe, diff.builder, async (parsed) => ending(await diff.run(parsed)))
    .command(explain.command, explain.describe, explain.builder, async (parsed) => ending(await explain.run(parsed)))
    .command(log.command, log.describe, log.builder, async (parsed) => ending(await log.run(parsed)))
    .command(show.command, show.describe, show.builder, async (parsed) => ending(await show.run(parsed)))
    .command(outbox.command, outbox.describe, (group: Argv<CommonArguments>) => outbox.builder(group, ending))
    .command(relay.command, relay.describe, relay.builder, async (parsed) => ending(await relay.run(parsed)))
    .command(bundle.command, bundle.describe, (group: Argv<CommonArguments>) => bundle.builder(group, ending))
    .command(verify.command, verify.describe, verify.builder, async (parsed) => ending(await verify.run(parsed)))
    .command(watch.command, watch.describe, watch.builder, async (parsed) => ending(await watch.run(parsed)))
    .command(hook.command, hook.describe, hook.builder, async (parsed) => ending(await hook.run(parsed)))
    .command(ci.command, ci.describe, ci.builder, async (parsed) => ending(await ci.run(parsed)))
    .command(login.command, login.describe, login.builder, async (parsed) => ending(await login.run(parsed)))
    .command(logout.command, logout.describe, logout.builder, async (parsed) => ending(await logout.run(parsed)))
    .command(whoami.command, whoami.describe, whoami.builder, async (parsed) => ending(await whoami.run(parsed)))
    .command(config.command, config.describe, (group: Argv<CommonArguments>) => config.builder(group, ending))
    .command(secrets.command, secrets.describe, secrets.builder, async (parsed) => ending(await secrets.run(parsed)))
    .command(doctor.command, doctor.describe, doctor.builder, async (parsed) => ending(await doctor.run(parsed)))
    .command(serve.command, serve.describe, serve.builder, async (parsed) => ending(await serve.run(parsed)))
    .command(completion.command, completion.describe, completion.builder, async (parsed) =>
      ending(await completion.run(parsed)),
    )
    .command(maintain.command, maintain.describe, maintain.builder, async (parsed) =>
      ending(await maintain.run(parsed)),
    )
    .middleware(({ color }) => forceColours(color))
    .demandCommand(1, 'Name a command.')
    .strict()
    .parserConfiguration({ 'duplicate-arguments-array': false, 'boolean-negation': false })
    .version(VERSION)
    .alias('version', 'v')
    .alias('help', 'h')
    .exitProcess(false)
    .detectLocale(false)
    .updateStrings(USAGE_WORDS)
    .wrap(Math.min(100, process.stderr.columns ?? 100))
    .fail((message: string | null, error: Error | undefined) => {
      throw error !== undefined && error.name !== 'YError' ? error : new UsageProblem(message ?? undefined)
    })
}
