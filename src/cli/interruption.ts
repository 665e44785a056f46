/**
 * Turns the first SIGINT or SIGTERM into an orderly end; the second one ends the process at once (faults.md row 2).
 * `onSignal` ends what does not listen to the signal.
 */
export function interruptible(onSignal: () => void = () => undefined): {
  readonly signal: AbortSignal
  exitCode(otherwise: number): number
} {
  const controller = new AbortController()
  let code: number | null = null
  const stop = (exitCode: number) => (): void => {
    if (code !== null) process.exit(exitCode)
    code = exitCode
    controller.abort()
    onSignal()
  }
  process.on('SIGINT', stop(130))
  process.on('SIGTERM', stop(143))
  return { signal: controller.signal, exitCode: (otherwise) => code ?? otherwise }
}
