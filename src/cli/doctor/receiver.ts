import type { Config } from '../../config/config.js'
import { NO_CREDENTIALS } from '../../config/credentials.js'
import { proxyFor } from '../../delivery/proxy-settings.js'
import type { ClockDifference } from '../../delivery/receiver-clock.js'
import type { StatusReport } from '../../status.js'
import { DeltaError } from '../../support/errors.js'
import { count, formatDuration } from '../../support/text.js'
import { AMBIGUOUS, isAmbiguous } from '../render-identity.js'
import { type Check, fail, pass, warn } from './check.js'

/** What a look at both ends tells: endpoint, identity, equality. */
export function checkReceiver({ endpoint: address }: Config, status: StatusReport): Check[] {
  const proxy = address === null ? null : proxyFor(address, process.env)
  const way = proxy === null ? '' : `, through the proxy ${proxy.address}`
  const { error } = status.there
  const endpoint =
    error === null || error.code === 'not-authorised'
      ? pass('endpoint', `${status.receiver}${way}`)
      : fail('endpoint', new DeltaError(error.code, error.message), error.next ?? 'Check the endpoint.')
  return [endpoint, ...checkIdentity(status), checkEquality(status)]
}

/** Worth a line only where there is a choice. */
function checkIdentity(status: StatusReport): Check[] {
  if (status.there.identified_by !== 'name') return []
  if (!isAmbiguous(status)) return [pass('identity', status.workspace)]
  const fix = 'Where there is another one, set pinned: true (or --pinned), or give this one its own workspacePath.'
  return [warn('identity', `${status.workspace}: ${AMBIGUOUS}`, fix)]
}

const TOLERANCE = 2 * 60_000
const FIRST_RELEASE = Date.parse('2025-01-01T00:00:00Z')

/** A clock that is wrong makes files look older or newer than they are, and lets certificates and tokens expire. */
export function checkClock(now: Date, { there }: StatusReport, difference: ClockDifference | null): Check {
  const fix = 'Correct the clock here, or at the receiver.'
  if (difference !== null) {
    const { ahead, uncertainty } = difference
    const seconds = formatDuration(Math.abs(ahead))
    const message = `${now.toISOString()}; the receiver's is ${seconds} ${ahead < 0 ? 'behind' : 'ahead'}`
    if (Math.abs(ahead) > TOLERANCE + uncertainty) return warn('clock', message, fix)
    return pass('clock', `${now.toISOString()}, as at the receiver`)
  }
  const last = there.last_upload === null ? Number.NaN : Date.parse(there.last_upload)
  const isBehind = now.getTime() < FIRST_RELEASE || now.getTime() < last - TOLERANCE
  if (!isBehind) return pass('clock', now.toISOString())
  return warn('clock', `${now.toISOString()} is before the last upload (${there.last_upload ?? 'never'})`, fix)
}

/** null where there is nobody to compare with: the embedded receiver, or one that does not answer. */
export async function clockDifference(
  config: Config,
  { there }: StatusReport,
  signal: AbortSignal,
): Promise<ClockDifference | null> {
  const isSilent = there.error !== null && there.error.code !== 'not-authorised'
  if (config.endpoint === null || isSilent) return null
  const { compareClocks } = await import('../../delivery/receiver-clock.js')
  const { accessTo } = await import('../../access.js')
  const { certificate } = config.credentials
  const anonymous = { ...config, credentials: { ...NO_CREDENTIALS, certificate } }
  return await compareClocks(config.endpoint, await accessTo(config.endpoint, anonymous, process.env), Date.now, signal)
}

function checkEquality({ equal, there, pending }: StatusReport): Check {
  if (equal === 'yes') return pass('equality', 'both ends hold the same tree')
  if (there.error !== null) {
    const why = there.error.code === 'not-authorised' ? 'does not let us in' : 'did not answer'
    return warn('equality', `unknown: the receiver ${why}`, 'See endpoint and credential.')
  }
  if (equal === 'unknown') return pass('equality', 'this receiver does not tell what it holds')
  const waiting = pending.bundles === 0 ? '' : `, ${count(pending.bundles, 'bundle')} waiting`
  return warn('equality', `the receiver holds another tree${waiting}`, 'ce-delta push')
}
