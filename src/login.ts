import { accessTo, refuseOpenTravel } from './access.js'
import type { Config } from './config/config.js'
import { type Credentials, type Login, loginOf } from './config/credentials.js'
import { type Session, sessionFile, writeSession } from './config/session-file.js'
import { withoutSecrets } from './delivery/hide-secrets.js'
import { asksForLogin, judgeSession, type LoginSecret, logInAt, type Verdict } from './delivery/http-login.js'
import { DeltaError } from './support/errors.js'

/** null: the server asks for no login. */
export type NewLogin = Session | null

/**
 * Logs in at an endpoint and writes the session down for all later commands. `getSecret` is asked only where the server
 * wants a login. Throws `configuration-invalid` where the secret would travel in the open, or as the server refuses.
 */
export async function login(
  endpoint: string,
  config: Config,
  getSecret: () => Promise<LoginSecret>,
  signal: AbortSignal,
): Promise<NewLogin> {
  refuseOpenTravel(endpoint, config)
  const access = await accessTo(endpoint, { ...config, credentials: withoutSession(config.credentials) }, process.env)
  const asks = await asksForLogin(endpoint, access, signal)
  if (asks === false) return null
  if (asks === null) throw noLogins(endpoint)
  const secret = await getSecret()
  try {
    const session = await logInAt(endpoint, secret, access, signal)
    await writeSession(endpoint, session, process.env)
    return { ...session, source: sessionFile(process.env) }
  } catch (thrown) {
    throw withoutSecrets(thrown, [secret.kind === 'password' ? secret.password : secret.token])
  }
}

/** Who is known to a receiver, and what it says of that. */
export interface Standing {
  readonly login: Login | null
  readonly verdict: Verdict
}

/** Asks a server what the credential for it is worth; nothing is changed there. Throws as an exchange does. */
export async function standingAt(
  endpoint: string,
  config: Config,
  workspacePath: string,
  signal: AbortSignal,
): Promise<Standing> {
  const known = loginOf(config.credentials)
  const { session, ...access } = await accessTo(endpoint, config, process.env)
  if (session !== null)
    return { login: known, verdict: await judgeSession(endpoint, session, workspacePath, access, signal) }
  const asks = await asksForLogin(endpoint, access, signal)
  return { login: known, verdict: asks === true ? 'unknown' : asks === false ? 'not needed' : 'not told' }
}

function withoutSession(credentials: Credentials): Credentials {
  return { ...credentials, session: null }
}

function noLogins(endpoint: string): DeltaError {
  return new DeltaError('usage', `${new URL(endpoint).origin} knows no logins.`, {
    facts: { endpoint },
    next: 'Where it needs no credential, just push. Where it wants a token, as ce-delta serve does, set CE_DELTA_TOKEN.',
  })
}
