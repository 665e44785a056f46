import type { Operation } from '../../delta/operation.js'
import { parentsOf } from '../../support/paths.js'
import type { Dialect } from './dialect.js'
import type { Aside } from './steps.js'

/** Folders at a server that never removes one. */
export interface OldFolders {
  /** Below this path a file was confirmed later than at the path itself, so that a folder stands there. */
  readonly stands: (path: string) => boolean
  /** A folder stood there once, and may again, for example in a backup that was restored. */
  readonly everStood: (path: string) => boolean
}

/** Reads them from the paths that were ever confirmed, the latest first. */
export function oldFoldersOf(paths: Iterable<string>): OldFolders {
  const standing = new Map<string, boolean>()
  const ever = new Set<string>()
  for (const path of paths) {
    const folders = parentsOf(path)
    // What was below a path that became a file later went away with the folder.
    const isGone = folders.some((folder) => standing.get(folder) === false)
    for (const folder of folders) {
      ever.add(folder)
      if (!standing.has(folder)) standing.set(folder, !isGone)
    }
    if (!standing.has(path)) standing.set(path, false)
  }
  return { stands: (path) => standing.get(path) === true, everStood: (path) => ever.has(path) }
}

/**
 * How folders are treated. A bundle that was carried out in part may have written the very file that a folder was moved
 * for, so what is sent again moves none; where that fails, a folder stands there, and not a file.
 */
export type Way = 'usual' | 'no folder aside' | 'every old folder aside'

export interface AsideSituation {
  readonly dialect: Dialect
  readonly folders: OldFolders
  readonly isResync: boolean
  readonly way: Way
  readonly bundleId: string
}

/**
 * Which folders are moved out of the way of files: usually those that are known to stand there. In a resync that is not
 * known; where failures are told it is then tried without, and where they are not, whatever stands there is removed.
 */
export function foldersAside(operations: readonly Operation[], situation: AsideSituation): Aside[] {
  const { dialect, bundleId, isResync, way } = situation
  if (dialect.emptyFolders !== 'can be moved aside') return []
  const isMoved = movedFolders(situation)
  const blocked = operations.filter(({ kind, path }) => kind !== 'deleted' && isMoved(path))
  const mayBeFile = isResync && way === 'usual'
  return blocked.map(({ path: source }, index) => ({ source, path: `.ce-delta-aside/${bundleId}-${index}`, mayBeFile }))
}

function movedFolders({ dialect, folders, isResync, way }: AsideSituation): (path: string) => boolean {
  if (way === 'every old folder aside') return folders.everStood
  if (way === 'no folder aside') return () => false
  return isResync ? foldersInResync(dialect, folders) : folders.stands
}

/** In a resync nothing is known for certain: what does not work then is found by trying, where failures are told. */
export function foldersInResync({ proof }: Dialect, { everStood }: OldFolders): (path: string) => boolean {
  return proof === 'answer' ? () => false : everStood
}

/** How one operation that failed is tried next; null where no way is left. */
export function nextWay(
  { kind, path }: Operation,
  { dialect, folders, way }: Omit<AsideSituation, 'bundleId'>,
): Way | null {
  const isPossible = kind !== 'deleted' && dialect.emptyFolders === 'can be moved aside' && folders.everStood(path)
  if (!isPossible || way === 'every old folder aside') return null
  return way === 'usual' ? 'no folder aside' : 'every old folder aside'
}
