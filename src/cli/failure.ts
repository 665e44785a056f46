import { reportedError } from '../report/report.js'
import { type DeltaError, exitCodeOf } from '../support/errors.js'
import { logEvent } from './command-log.js'
import { styled } from './print.js'
import { wrapped } from './wrap.js'
import { writeLine } from './write.js'

/** Tells why something could not even begin. Returns the exit code. */
export function reportFailure(error: DeltaError, isJson: boolean): number {
  const report = { event: 'report', outcome: 'failed', error: reportedError(error) }
  logEvent(report)
  if (isJson) writeLine(1, JSON.stringify(report))
  else
    for (const line of [`${styled('bad', '✗')} ${error.message}`, `  ${error.next}`])
      writeLine(2, wrapped(line, process.stderr))
  return exitCodeOf(error.code)
}
