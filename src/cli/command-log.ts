import { subscribe } from 'node:diagnostics_channel'
import { join } from 'node:path'
import { asDeltaError } from '../support/errors.js'
import { LogFile } from '../support/log-file.js'
import { printable, withoutCredentials } from '../support/text.js'
import { describeTrace, TRACE_CHANNEL, type Trace } from '../support/trace.js'
import { VERSION } from '../support/version.js'
import { writeLine } from './write.js'

/** The name of the log in the state of a workspace, or in the data folder of a server. */
export const LOG_FILE = 'ce-delta.log'

let log: LogFile | null = null

/**
 * From here on what this command tells is also written into the log of that folder, whether anybody sees it or not:
 * events, failures with their places, and with `isDetailed` what every step took.
 */
export function keepLog(directory: string, isDetailed: boolean): void {
  const isFirst = log === null
  log = new LogFile(join(directory, LOG_FILE))
  const command = withoutCredentials(process.argv.slice(2).join(' '))
  write(`ce-delta ${VERSION} ${command} (node ${process.versions.node})`)
  if (!isFirst) return
  subscribe(TRACE_CHANNEL, (entry) => {
    if (isTrace(entry) && (isDetailed || entry.kind === 'failure')) write(describeTrace(entry))
  })
}

export function logEvent(event: object): void {
  if (log !== null) write(describeEvent(event))
}

/** One that cannot be written does not hold up the work; that is told once. */
function write(text: string): void {
  try {
    log?.write(printable(text))
  } catch (thrown) {
    log = null
    writeLine(2, `There is no log of this: ${asDeltaError(thrown).message}`)
  }
}

/** The name of the event, then its fields. What is long in them is counted. */
export function describeEvent(event: object): string {
  const fields = Object.entries(event).filter(([name]) => name !== 'event')
  const name: unknown = Reflect.get(event, 'event')
  return [String(name), ...fields.map(([field, value]) => `${field}=${describeValue(value)}`)].join(' ')
}

function describeValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.length}]`
  if (typeof value === 'string' && /^[^\s"=]+$/.test(value)) return value
  return JSON.stringify(value) ?? 'undefined'
}

export function isTrace(entry: unknown): entry is Trace {
  return typeof entry === 'object' && entry !== null && 'kind' in entry
}
