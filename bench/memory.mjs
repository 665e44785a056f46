import { readdirSync, readFileSync } from 'node:fs'

const INTERVAL = 20

/**
 * Watches a process and its descendants. `stop` returns the peak of the largest process of each program (`node`,
 * `git`, …) in bytes; an empty object where the system has no /proc.
 */
export function watchMemory(root) {
  const peaks = {}
  const look = () => {
    for (const pid of withDescendants(root)) note(peaks, pid)
  }
  const timer = setInterval(look, INTERVAL)
  return {
    stop() {
      look()
      clearInterval(timer)
      return peaks
    },
  }
}

/** The peak of a running process in bytes, 0 where the system does not tell. */
export function peakOf(pid) {
  return statusOf(pid)?.peak ?? 0
}

/** The processor time that a running process and its children that have ended took, 0 where the system does not tell. */
export function cpuSecondsOf(pid) {
  const text = readOrEmpty(`/proc/${pid}/stat`)
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
  return ticks / TICKS_A_SECOND
}

/** What `getconf CLK_TCK` says on every Linux. */
const TICKS_A_SECOND = 100

function note(peaks, pid) {
  const status = statusOf(pid)
  if (status !== null) peaks[status.name] = Math.max(peaks[status.name] ?? 0, status.peak)
}

function statusOf(pid) {
  const text = readOrEmpty(`/proc/${pid}/status`)
  const name = /^Name:\s*(.*)$/m.exec(text)
  const peak = /^VmHWM:\s*(\d+) kB$/m.exec(text)
  return name === null || peak === null ? null : { name: name[1], peak: Number(peak[1]) * 1024 }
}

function withDescendants(pid) {
  return [pid, ...childrenOf(pid).flatMap(withDescendants)]
}

function childrenOf(pid) {
  return namesIn(`/proc/${pid}/task`).flatMap((thread) => {
    const text = readOrEmpty(`/proc/${pid}/task/${thread}/children`).trim()
    return text === '' ? [] : text.split(' ').map(Number)
  })
}

/** Processes end while they are looked at. */
function namesIn(folder) {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function readOrEmpty(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
