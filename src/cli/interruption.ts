import { interruptGit } from '../support/git.js'

/** How long a command may take to end in order; what blocks for longer does not hold the process. */
const GRACE = 1500

export interface Interruption {
  readonly signal: AbortSignal
  /** The exit code of the signal, or `otherwise` where there was none. */
  exitCode(otherwise: number): number
}

/**
 * Turns the first SIGINT or SIGTERM into an orderly end; the second one ends the process at once (faults.md row 2).
 * A command `ends soon`: git ends at once, and so does the process if anything else still blocks. A server `finishes`
 * what it is doing.
 */
export function interruptible(manner: 'ends soon' | 'finishes' = 'ends soon'): Interruption {
  const controller = new AbortController()
  let code: number | null = null
  const stop = (exitCode: number) => (): void => {
    if (code !== null) process.exit(exitCode)
    code = exitCode
    controller.abort()
    if (manner === 'finishes') return
    interruptGit()
    setTimeout(() => process.exit(exitCode), GRACE).unref()
  }
  process.on('SIGINT', stop(130))
  process.on('SIGTERM', stop(143))
  return { signal: controller.signal, exitCode: (otherwise) => code ?? otherwise }
}
