import { statSync } from 'node:fs'
import type { Config } from '../../config/config.js'
import { credentialsFile } from '../../config/credentials.js'
import { sessionFile } from '../../config/session-file.js'
import type { StatusReport } from '../../status.js'
import { DeltaError } from '../../support/errors.js'
import { describeLogin, VERDICTS } from '../render-identity.js'
import { type Check, fail, pass, warn } from './check.js'

/** Whether a push would be let in, as far as the server tells before one is made. */
export async function checkCredential(config: Config, status: StatusReport, signal: AbortSignal): Promise<Check> {
  const { endpoint } = config
  const { error } = status.there
  if (endpoint === null) return pass('credential', 'none is needed on this machine')
  const fix = 'ce-delta login, or CE_DELTA_TOKEN together with CE_DELTA_ENDPOINT (docs/configuration.md).'
  if (error?.code === 'not-authorised')
    return fail('credential', new DeltaError('not-authorised', error.message), error.next ?? fix)
  if (error !== null) return warn('credential', 'unknown: the receiver did not answer', 'See endpoint.')
  const open = openFile(config)
  if (open !== null) return warn('credential', `others can read ${open}`, `chmod 600 ${open}`)
  const { standingAt } = await import('../../login.js')
  const { login, verdict } = await standingAt(endpoint, config, status.workspace, signal)
  const who = login === null ? 'none is sent' : describeLogin(login)
  if (login === null && verdict === 'unknown')
    return fail('credential', new DeltaError('not-authorised', 'the server asks for a login, and there is none'), fix)
  const words = verdict === 'not told' && login === null ? who : `${who}; ${VERDICTS[verdict]}`
  if (verdict !== 'unknown' && verdict !== 'may not write') return pass('credential', words)
  return fail('credential', new DeltaError('not-authorised', words), 'ce-delta login, or ask its administrator.')
}

/** A file with a credential for this server that is not for its owner alone. */
function openFile({ credentials: { token, session } }: Config): string | null {
  const used = new Set([token?.source, session?.source])
  const files = [credentialsFile(process.env), sessionFile(process.env)].filter((file) => used.has(file))
  if (process.platform === 'win32') return null
  return files.find((file) => ((statSync(file, { throwIfNoEntry: false })?.mode ?? 0) & 0o077) !== 0) ?? null
}
