import { refused } from './tar-format.js'

/** The deepest that is specified is an operation: an object in a list in an object. */
const MAX_DEPTH = 8

/** An operation has eight fields; other clients add some. */
const FIELDS_OF_AN_ENTRY = 16

const [QUOTE, BACKSLASH, COLON] = [0x22, 0x5c, 0x3a]
const OPENING: ReadonlySet<number> = new Set([0x5b, 0x7b])
const CLOSING: ReadonlySet<number> = new Set([0x5d, 0x7d])

/**
 * Counts what a JSON text holds before it is parsed: a few kilobytes of compressed brackets would otherwise become
 * gigabytes of objects, and minutes in which nobody else is served (faults.md row 93). Throws `bundle-refused`.
 */
export function checkJsonShape(bytes: Uint8Array, name: string, maxEntries: number): void {
  let [depth, containers, fields, isText] = [0, 0, 0, false]
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    if (byte === QUOTE) isText = !isText
    else if (isText) at += byte === BACKSLASH ? 1 : 0
    else if (byte === COLON) fields++
    else if (CLOSING.has(byte)) depth--
    else if (OPENING.has(byte)) {
      depth++
      containers++
      if (depth > MAX_DEPTH) throw refused(`${name} is nested too deeply`)
    }
  }
  // The file itself, its list and a few more.
  const entries = maxEntries + 16
  if (containers > entries || fields > entries * FIELDS_OF_AN_ENTRY) throw refused(`${name} holds too many entries`)
}
