/** Where the reference client's translation leads when only `HOST_ROOT` is set (protocol.md §5). */
const CONTAINER_ROOT = '/work'

/**
 * How a server in a container calls a folder of this machine (protocol.md §5): what lies below `HOST_ROOT` lies below
 * `CONTAINER_ROOT` there, and anything else directly in it. null where neither is set: the path counts as it is here.
 */
export function translatedPath(root: string, environment: NodeJS.ProcessEnv): string | null {
  const hostRoot = folderFrom(environment.HOST_ROOT)
  const said = folderFrom(environment.CONTAINER_ROOT)
  if (hostRoot === null && said === null) return null
  const containerRoot = said ?? CONTAINER_ROOT
  const path = withForwardSlashes(root)
  if (isBelow(path, containerRoot)) return path
  const rest = hostRoot !== null && isBelow(path, hostRoot) ? path.slice(hostRoot.length + 1) : lastPart(path)
  return `${containerRoot}/${rest}`
}

/** Servers split a path at `/` only: with `\` in it all of it would be one name (protocol.md §4). */
export function withForwardSlashes(path: string): string {
  return /^[A-Za-z]:\\|^\\\\/.test(path) ? path.replaceAll('\\', '/') : path
}

/** The name of the folder, which is all that most servers look at (protocol.md §3). */
export function lastPart(path: string): string {
  return path.replace(/\/+$/, '').split('/').at(-1) ?? ''
}

/** What servers take for the name of their own folder, as it is (protocol.md §4). */
const PINNED = /^.+-[0-9a-f]{16}$/

/** Whether the last part of a path stands for one workspace and no other. */
export function isPinned(path: string): boolean {
  return PINNED.test(lastPart(path))
}

/** A path whose last part is `<name>-<16 digits>`. `digits` are hexadecimal; one that is pinned already stays. */
export function pinnedPath(path: string, digits: string): string {
  return isPinned(path) ? path : `${CONTAINER_ROOT}/${lastPart(path) || 'root'}-${digits.slice(0, 16)}`
}

function folderFrom(value: string | undefined): string | null {
  const folder = withForwardSlashes(value?.trim() ?? '').replace(/\/+$/, '')
  return folder === '' ? null : folder
}

function isBelow(path: string, folder: string): boolean {
  return path.startsWith(`${folder}/`)
}
