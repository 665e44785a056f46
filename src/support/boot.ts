import { readFileSync } from 'node:fs'
import { uptime } from 'node:os'
import { systemErrorCode } from './errors.js'

/** Which start of this machine it is, as Linux names it; empty where the system has no name for it. */
export function bootId(): string {
  return readOrEmpty('/proc/sys/kernel/random/boot_id').trim()
}

/** Changes with every start of the machine: its name, or, where it has none, when it was, in seconds. */
export function bootMark(): string {
  return bootId() || String(Math.round(Date.now() / 1000 - uptime()))
}

/** Clocks are set, and a machine does not start twice in a minute. */
const MOST_DRIFT = 60

/** Whether a {@link bootMark} was made since the machine started. */
export function isThisBoot(mark: string): boolean {
  const now = bootMark()
  return mark === now || (bootId() === '' && Math.abs(Number(mark) - Number(now)) <= MOST_DRIFT)
}

/** For facts that the system tells in files, on systems that do. */
export function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (thrown) {
    if (systemErrorCode(thrown) === undefined) throw thrown
    return ''
  }
}
