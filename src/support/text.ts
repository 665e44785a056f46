import { isUtf8 } from 'node:buffer'

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it is about
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g

/**
 * Text that came from outside (file names, answers of servers), safe to print on a terminal or in a log:
 * control characters and direction overrides are shown as escapes, so a name can neither move the cursor nor
 * start a line of its own (faults.md row 39).
 */
export function printable(text: string): string {
  return text.replace(CONTROL, (character) => {
    if (character === '\n') return '\\n'
    if (character === '\t') return '\\t'
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Bytes as text, or null where they are not valid UTF-8; never a replacement character in disguise (row 40). */
export function decodeUtf8(bytes: Uint8Array): string | null {
  return isUtf8(bytes) ? UTF8.decode(bytes) : null
}

/** A name for people: as it is where it is UTF-8, else with every byte that is not plain ASCII as `\xNN`. */
export function escapeBytes(bytes: Buffer): string {
  const escaped = (character: string): string => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
  return decodeUtf8(bytes) ?? bytes.toString('latin1').replace(/[^\x20-\x7e]/g, escaped)
}

/** Splits a NUL-terminated listing (`git -z`) into its fields, without copying the bytes. */
export function splitNul(bytes: Buffer): Buffer[] {
  return [...nulTerminated(bytes)]
}

/** The same, one field after another: for listings of a whole tree, of which not all fields are needed at once. */
export function* nulTerminated(bytes: Buffer): Generator<Buffer> {
  let start = 0
  for (let end = bytes.indexOf(0, start); end !== -1; end = bytes.indexOf(0, start)) {
    yield bytes.subarray(start, end)
    start = end + 1
  }
}

/** A whole number for people. The first `toLocaleString` of a process would cost as much as starting git twice. */
export function grouped(number: number): string {
  return String(number).replace(/\B(?=(?:\d{3})+$)/g, ',')
}

export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${grouped(number)} ${number === 1 ? noun : plural}`
}

export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  const units = ['kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 'B'
  for (const next of units) {
    if (value < 999.5) break
    value /= 1000
    unit = next
  }
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${unit}`
}

export function formatDuration(milliseconds: number): string {
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`
  if (milliseconds < 59_950) return `${(milliseconds / 1000).toFixed(1)} s`
  const seconds = Math.round(milliseconds / 1000)
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** A moment as the clock on the wall shows it: `2025-02-01 13:45`; what is no time is shown as it is. */
export function formatTime(iso: string): string {
  const time = new Date(iso)
  if (Number.isNaN(time.getTime())) return printable(iso)
  const two = (number: number): string => String(number).padStart(2, '0')
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}`
}

/** A text in which no address carries a user name or a password. */
export function withoutCredentials(text: string): string {
  return text.replace(/\/\/[^/@\s"']*@/g, '//***@')
}
