import { DeltaError, systemErrorCode } from './errors.js'
import { printable } from './text.js'

/** What git could not even be started for. */
export function startFailure(thrown: unknown): unknown {
  if (systemErrorCode(thrown) !== 'ENOENT') return thrown
  return new DeltaError('git-missing', 'git was not found.', {
    next: 'Install git 2.30 or newer and make sure that it is on the PATH.',
    cause: thrown,
  })
}

/** Objects that are gone, and such as a power loss leaves: empty, cut off or full of zeros. */
const LOST_OBJECT = new RegExp(
  [
    'missing (blob|tree|commit|object)',
    '(blob|tree) not found',
    'unable to (read|stream|unpack|parse|get)',
    '(bad|invalid) (tree )?object',
    'not a valid object',
    'bad file(?! descriptor)',
    'could not (read|get object|parse)',
    'failed to (read|unpack)',
    'corrupt',
    'inflate: ',
    'object file .* is empty',
    'packfile .* (cannot be accessed|is far too short|does not match|claims to have)',
  ].join('|'),
  'i',
)

/** What it means that a git command failed, with what git said about it (`complaint`). */
export function failure(
  args: readonly string[],
  exitCode: number | null,
  signalName: string | null,
  complaint: string,
): DeltaError {
  const words = printable(complaint.trim().split('\n').slice(0, 4).join(' · '))
  const facts = { command: `git ${args[0] ?? ''}`, exit_code: exitCode, signal: signalName, complaint: words }
  const distrusted = /dubious ownership in repository at '(.*)'/.exec(complaint)
  if (distrusted !== null) {
    return new DeltaError(
      'repository-not-trusted',
      'git does not trust this repository: it belongs to somebody else.',
      {
        facts,
        next: `If you trust it, run: git config --global --add safe.directory '${distrusted[1]}'`,
      },
    )
  }
  const code = LOST_OBJECT.test(complaint) ? 'objects-missing' : 'git-failed'
  return new DeltaError(code, `git ${args[0] ?? ''} failed${words === '' ? '' : `: ${words}`}`, { facts })
}
