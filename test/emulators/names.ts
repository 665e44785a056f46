import { createHash } from 'node:crypto'
import { basename } from 'node:path'

/** §3 "Key": the last component alone, or the hexadecimal digits at its end. */
export function keyOf(workspacePath: string): string {
  const leaf = basename(workspacePath)
  return /^.+-[0-9a-f]{16}(_old)?$/.test(leaf) ? leaf.slice(-16) : sha256(leaf).slice(0, 16)
}

/** §4 "Target dir". */
export function slugOf(workspacePath: string): string {
  const leaf = basename(workspacePath)
  return /^.+-[0-9a-f]{16}$/.test(leaf) ? leaf : `${leaf}-${keyOf(workspacePath)}`
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
