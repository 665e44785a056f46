import { eventProblem } from '../../src/report/events.js'

/** A line of `--json`. Throws where it is not as docs/events.md promises. */
export function parseEvent(line: string): Record<string, unknown> {
  const event = JSON.parse(line)
  const problem = eventProblem(event)
  if (problem !== null) throw new Error(`Not as documented: ${problem}\n${line}`)
  return event
}
