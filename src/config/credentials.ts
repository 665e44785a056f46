import { join } from 'node:path'
import { userDirectory } from '../snapshot/workspace.js'
import { readTextIfPresent } from '../support/durable-files.js'
import { DeltaError } from '../support/errors.js'
import { asFields, parseJson } from '../support/json.js'

export interface TokenRequest {
  readonly endpoint: string
  /** The endpoint as the user's own environment or command line names it; null where only a repository's file does. */
  readonly trustedEndpoint: string | null
  readonly environmentToken: string | null
  readonly environment: NodeJS.ProcessEnv
}

/**
 * The credential for an endpoint. A credential belongs to one origin (design.md §5): a token in the environment goes
 * only where the environment or the command line points, so the configuration of a repository can never send it
 * elsewhere; `credentials.json` in the user's configuration folder names the origin of each token.
 */
export async function tokenFor(request: TokenRequest): Promise<string | null> {
  const origin = new URL(request.endpoint).origin
  if (request.environmentToken !== null) {
    const isTrusted = request.trustedEndpoint !== null && new URL(request.trustedEndpoint).origin === origin
    if (isTrusted) return request.environmentToken
    throw new DeltaError(
      'not-authorised',
      `CE_DELTA_TOKEN is set, but only a file of the repository names ${origin}.`,
      {
        facts: { origin },
        next: `If the token is meant for it, set CE_DELTA_ENDPOINT=${request.endpoint} as well.`,
      },
    )
  }
  const file = credentialsFile(request.environment)
  const tokens = asFields(parseJson((await readTextIfPresent(file)) ?? '{}'))
  if (tokens === null) {
    throw new DeltaError('configuration-invalid', `${file} is not a JSON object of origins and tokens.`, {
      facts: { file },
    })
  }
  const token = tokens[origin]
  return typeof token === 'string' && token !== '' ? token : null
}

/** The tokens of this user, by origin. */
export function credentialsFile(environment: NodeJS.ProcessEnv): string {
  return join(userDirectory('config', environment), 'credentials.json')
}
