import type { LoginSecret } from '../../delivery/http-login.js'
import { DeltaError } from '../../support/errors.js'
import { askHidden, askLine, readStandardInput } from '../ask.js'

/** What the command line says of a login; a secret on it could be seen by everybody on the machine. */
export interface LoginArguments {
  readonly user: string | undefined
  readonly tokenStdin: boolean | undefined
  readonly passwordStdin: boolean | undefined
}

/** What the server knows us by where a token says nothing of that. */
const NAMELESS = 'ce-delta'

/** The secret for a login: from standard input, the environment, or whoever sits at the terminal. */
export async function findSecret(
  args: LoginArguments,
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<LoginSecret> {
  const variable = (name: string): string | undefined =>
    environment[`CE_DELTA_LOGIN_${name}`] || environment[`CTXCE_AUTH_${name}`] || undefined
  const user = args.user ?? environment.CE_DELTA_LOGIN_USER ?? environment.CTXCE_AUTH_USERNAME
  const ofToken = (token: string): LoginSecret => ({
    kind: 'token',
    user: user || NAMELESS,
    token: filled(token.trim()),
  })
  const ofPassword = (name: string, password: string): LoginSecret => {
    return { kind: 'password', user: filled(name), password: filled(password) }
  }
  if (args.tokenStdin === true) return ofToken(await readStandardInput())
  if (args.passwordStdin === true) return ofPassword(user ?? '', await readStandardInput())
  const [token, password] = [variable('TOKEN'), variable('PASSWORD')]
  if (token !== undefined) return ofToken(token)
  if (user !== undefined && password !== undefined) return ofPassword(user, password)
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) throw noTerminal()
  const name = user ?? (await askLine('User (empty: log in with a token that is shared): ', signal))
  if (name === '') return ofToken(await askHidden('Token: ', signal))
  return ofPassword(name, await askHidden('Password: ', signal))
}

function filled(text: string): string {
  if (text !== '') return text
  throw new DeltaError('usage', 'The user, the password or the token is empty.', {
    next: 'ce-delta login --help shows where they can come from.',
  })
}

function noTerminal(): DeltaError {
  return new DeltaError('usage', 'There is no terminal to ask for a password on.', {
    next: 'Give it on standard input (--token-stdin, or --user <name> --password-stdin), or in CE_DELTA_LOGIN_TOKEN.',
  })
}
