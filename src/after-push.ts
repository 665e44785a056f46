import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { ReportedOperation } from './report/report.js'
import { DeltaError, systemErrorCode } from './support/errors.js'

export interface AfterPushInput {
  readonly workspace_path: string
  readonly sequence: number | null
  readonly tree: string | null
  readonly mirror: string | null
  readonly operations: readonly ReportedOperation[]
}

/**
 * Runs the user's command after changes were applied, in the workspace, with the list of changes as JSON on its
 * standard input. What it prints goes to our standard error, which people read. Returns its exit code, which is for
 * the caller to judge; throws `after-push-failed` where it cannot be started.
 */
export async function runAfterPush(
  command: string | readonly string[],
  input: AfterPushInput,
  directory: string,
  signal: AbortSignal,
): Promise<number> {
  const [program = '', ...args] = typeof command === 'string' ? [command] : command
  const child = spawn(program, args, {
    cwd: directory,
    shell: typeof command === 'string',
    stdio: ['pipe', 2, 2],
    signal,
    env: { ...process.env, CE_DELTA_SEQUENCE: String(input.sequence ?? ''), CE_DELTA_MIRROR: input.mirror ?? '' },
  })
  // A command that does not read its input closes the pipe; that is its right.
  child.stdin?.on('error', (thrown) => {
    if (systemErrorCode(thrown) !== 'EPIPE') child.kill()
  })
  child.stdin?.end(`${JSON.stringify(input)}\n`)
  try {
    const [exitCode] = await once(child, 'close')
    return typeof exitCode === 'number' ? exitCode : 128
  } catch (thrown) {
    throw new DeltaError('after-push-failed', `The changes were applied, but afterPush cannot be started: ${program}`, {
      facts: { program, system_code: systemErrorCode(thrown) ?? null },
      next: 'Correct afterPush in the configuration.',
      cause: thrown,
    })
  }
}
