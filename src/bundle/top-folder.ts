import { MANIFEST_NAME } from './manifest.js'
import { refused } from './tar-format.js'

/** Members stand below one top folder; where there is none, the archive itself is the top. */
export function splitTop(memberName: string): { top: string; name: string } {
  const path = memberName.startsWith('./') ? memberName.slice(2) : memberName
  if (path === MANIFEST_NAME || path.startsWith('metadata/') || path.startsWith('files/'))
    return { top: '', name: path }
  const slash = path.indexOf('/')
  if (slash === -1) return { top: '', name: path }
  return { top: path.slice(0, slash), name: path.slice(slash + 1) }
}

/** Throws `bundle-refused` where it is another one than that of the members before. */
export function sameTop(known: string | null, top: string): string {
  if (known !== null && known !== top) throw refused('its members stand below different top folders')
  return top
}
