import { readFile } from 'node:fs/promises'
import type { Argv } from 'yargs'
import { DeltaError, systemErrorCode } from '../../support/errors.js'
import type { CommonArguments } from '../arguments.js'
import { keepLog } from '../command-log.js'
import { interruptible } from '../interruption.js'
import { printerFor } from '../print.js'
import { renderServerEvent } from '../render-server.js'

export const command = 'serve'
export const describe = 'receive pushes: keep an exact copy of each workspace, and plain files of it for an indexer'

export function builder(yargs: Argv<CommonArguments>) {
  return yargs
    .option('port', { type: 'number', default: 8080, requiresArg: true, describe: '0 takes any free port' })
    .option('host', {
      type: 'string',
      default: '127.0.0.1',
      requiresArg: true,
      describe: 'another address than loopback needs a token',
    })
    .option('data', {
      type: 'string',
      requiresArg: true,
      describe: 'where the repositories are kept',
      defaultDescription: 'the user’s data folder',
    })
    .option('mirror', {
      type: 'string',
      requiresArg: true,
      describe: 'where the plain files are written, a folder for each workspace',
      defaultDescription: 'mirrors in the data folder',
    })
    .option('token-file', {
      type: 'string',
      requiresArg: true,
      describe: 'a file with the token that clients must send',
    })
    .example('$0 serve', 'on http://127.0.0.1:8080')
    .example('$0 serve --host 0.0.0.0 --token-file token.txt', 'for other machines')
}

type ServeArguments = CommonArguments & {
  readonly port: number
  readonly host: string
  readonly data: string | undefined
  readonly mirror: string | undefined
  readonly tokenFile: string | undefined
}

/** Serves until it is interrupted; uploads that are running then are finished. */
export async function run(args: ServeArguments): Promise<number> {
  const interruption = interruptible('finishes')
  const printer = printerFor(args)
  const { serve } = await import('../../api/serve.js')
  const serving = await serve({
    port: args.port,
    host: args.host,
    ...(args.data === undefined ? {} : { dataDirectory: args.data }),
    ...(args.mirror === undefined ? {} : { mirrorDirectory: args.mirror }),
    ...(args.tokenFile === undefined ? {} : { token: await readToken(args.tokenFile) }),
    signal: interruption.signal,
    onEvent: (event) => {
      printer.event(event)
      renderServerEvent(printer, event)
    },
  })
  const { url, dataDirectory, mirrorDirectory } = serving
  keepLog(dataDirectory, args.debug)
  printer.event({ event: 'listening', url })
  printer.note(`listening on ${url}\n  data:    ${dataDirectory}\n  mirrors: ${mirrorDirectory}`)
  await serving.closed
  return interruption.exitCode(0)
}

async function readToken(path: string): Promise<string> {
  const token = (await readTokenFile(path)).trim()
  if (token !== '') return token
  throw new DeltaError('configuration-invalid', `The token file ${path} is empty.`, {
    next: 'Write a long random text into it.',
  })
}

async function readTokenFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (thrown) {
    const code = systemErrorCode(thrown)
    if (code === undefined) throw thrown
    throw new DeltaError('usage', `The token file ${path} cannot be read (${code}).`, {
      facts: { file: path, system_code: code },
      next: '--token-file names a file with a long random text in it.',
      cause: thrown,
    })
  }
}
