import { channel } from 'node:diagnostics_channel'
import { printable, withoutCredentials } from './text.js'

/**
 * What happens inside, for whoever looks for the cause of something: `--debug`, the log file, a program that subscribes
 * to {@link TRACE_CHANNEL}. Never a credential, a header, or the content of a file.
 */
export type Trace =
  | { readonly kind: 'step'; readonly name: string; readonly duration_ms: number }
  | {
      readonly kind: 'git'
      readonly command: string
      readonly exit_code: number | null
      readonly duration_ms: number
    }
  | {
      readonly kind: 'http'
      readonly method: string
      readonly url: string
      /** null where there was no whole answer. */
      readonly status: number | null
      readonly sent: number
      readonly received: number
      readonly duration_ms: number
    }
  /** What was decided in a round of a push, from what the receiver says that it holds. */
  | {
      readonly kind: 'decision'
      readonly round: number
      readonly decision: string
      readonly sequence: number
      readonly tree: string | null
    }
  | { readonly kind: 'failure'; readonly code: string; readonly stack: string }

export const TRACE_CHANNEL = 'ce-delta:trace'

const traces = channel(TRACE_CHANNEL)

/** Costs nothing where nobody listens. */
export function trace(describe: () => Trace): void {
  if (traces.hasSubscribers) traces.publish(describe())
}

/** Measures a step of the work, whether it ends well or not. */
export async function traceStep<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  const started = performance.now()
  try {
    return await work()
  } finally {
    trace(() => ({ kind: 'step', name, duration_ms: since(started) }))
  }
}

/** An error with the places that it came from, and what caused it. */
export function traceFailure(code: string, error: Error): void {
  trace(() => ({ kind: 'failure', code, stack: stackOf(error) }))
}

export function stackOf(error: Error): string {
  const own = withoutCredentials(error.stack ?? error.message)
  return error.cause instanceof Error ? `${own}\nbecause of: ${stackOf(error.cause)}` : own
}

/** One line for people. */
export function describeTrace(entry: Trace): string {
  switch (entry.kind) {
    case 'step':
      return `step ${entry.name}: ${entry.duration_ms} ms`
    case 'git':
      return `git ${printable(entry.command)}: exit code ${entry.exit_code ?? 'none'}, ${entry.duration_ms} ms`
    case 'http':
      return `${entry.method} ${printable(withoutCredentials(entry.url))}: ${entry.status ?? 'no answer'}, ${entry.sent} B sent, ${entry.received} B received, ${entry.duration_ms} ms`
    case 'decision':
      return `round ${entry.round}: the receiver is at sequence ${entry.sequence}, tree ${entry.tree ?? 'unknown'}: ${entry.decision}`
    case 'failure':
      return `${entry.code}: ${entry.stack}`
  }
}

/** Milliseconds since a moment of `performance.now()`, to a tenth. */
export function since(started: number): number {
  return Math.round((performance.now() - started) * 10) / 10
}
