import type { Config } from '../../config/config.js'
import type { StatusReport } from '../../status.js'
import { DeltaError } from '../../support/errors.js'
import { type Check, fail, pass, warn } from './check.js'

/** What a look at both ends tells: endpoint, credential, clock, equality. */
export function checkReceiver(config: Config, status: StatusReport, now: Date): Check[] {
  const { error } = status.there
  const endpoint =
    error === null || error.code === 'not-authorised'
      ? pass('endpoint', status.receiver)
      : fail('endpoint', new DeltaError(error.code, error.message), error.next ?? 'Check the endpoint.')
  return [endpoint, checkCredential(config, status), checkClock(status, now), checkEquality(status)]
}

function checkCredential(config: Config, { there }: StatusReport): Check {
  if (config.endpoint === null) return pass('credential', 'none is needed on this machine')
  if (there.error?.code !== 'not-authorised')
    return pass('credential', config.token === null ? 'none is sent' : `a token for ${new URL(config.endpoint).origin}`)
  const fix = 'Set CE_DELTA_TOKEN together with CE_DELTA_ENDPOINT, or write credentials.json (docs/configuration.md).'
  return fail('credential', new DeltaError('not-authorised', there.error.message), there.error.next ?? fix)
}

const TOLERANCE = 2 * 60_000
const FIRST_RELEASE = Date.parse('2025-01-01T00:00:00Z')

function checkClock({ there }: StatusReport, now: Date): Check {
  const last = there.last_upload === null ? Number.NaN : Date.parse(there.last_upload)
  const isBehind = now.getTime() < FIRST_RELEASE || now.getTime() < last - TOLERANCE
  if (!isBehind) return pass('clock', now.toISOString())
  const message = `${now.toISOString()} is before the last upload (${there.last_upload ?? 'never'})`
  return warn('clock', message, 'Correct the clock here, or at the receiver.')
}

function checkEquality({ equal, there, pending }: StatusReport): Check {
  if (equal === 'yes') return pass('equality', 'both ends hold the same tree')
  if (there.error !== null)
    return warn('equality', 'unknown: the receiver did not answer', 'See endpoint and credential.')
  if (equal === 'unknown') return pass('equality', 'this receiver does not tell what it holds')
  const waiting = pending.bundles === 0 ? '' : `, ${pending.bundles} bundles wait`
  return warn('equality', `the receiver holds another tree${waiting}`, 'ce-delta push')
}
