import { subscribe } from 'node:diagnostics_channel'
import { describeTrace, TRACE_CHANNEL } from '../support/trace.js'
import type { CommonArguments } from './arguments.js'
import { isTrace } from './command-log.js'
import { styled } from './print.js'
import { writeLine } from './write.js'

/** In the environment, so that it counts for the user's own commands that are run as well. */
export function forceColours(color: CommonArguments['color']): void {
  if (color === 'auto') return
  delete process.env.NO_COLOR
  process.env.FORCE_COLOR = color === 'always' ? '1' : '0'
}

/** Prints what happens inside, each with the time since the process started. */
export function tellTraces(): void {
  subscribe(TRACE_CHANNEL, (entry) => {
    if (!isTrace(entry)) return
    const at = `+${(performance.now() / 1000).toFixed(3)} s`
    writeLine(2, styled('faint', `${at.padStart(10)}  ${describeTrace(entry)}`))
  })
}
