import { spawn } from 'node:child_process'
import { DeltaError, systemErrorCode } from '../support/errors.js'

/** A program that asks somebody for something may wait for ever, and nobody may be there. */
const PATIENCE = 60_000

/**
 * The token that the user's own command prints, through the shell. Its standard error is ours, so that it can say what is
 * wrong; its output is nobody's but the receiver's. Throws `not-authorised`.
 */
export async function tokenFromCommand(command: string, source: string): Promise<string> {
  const child = spawn(command, {
    shell: true,
    stdio: ['ignore', 'pipe', 2],
    signal: AbortSignal.timeout(PATIENCE),
  })
  const chunks: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk))
  const exitCode = await new Promise<number | string>((resolve) => {
    child.once('error', (thrown) => resolve(systemErrorCode(thrown) ?? 'not started'))
    child.once('close', (code, name) => resolve(code ?? name ?? 'ended'))
  })
  const token = Buffer.concat(chunks).toString('utf8').trim()
  if (exitCode === 0 && token !== '') return token
  const what =
    exitCode === 0 ? 'printed nothing' : exitCode === 'ABORT_ERR' ? 'took too long' : `ended with ${exitCode}`
  throw new DeltaError('not-authorised', `The command that prints the token ${what}.`, {
    facts: { source, exit: exitCode },
    next: `Run it by hand; it is named in ${source}.`,
  })
}
