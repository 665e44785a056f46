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
    for (const folder of parentsOf(path)) {
      ever.add(folder)
      if (!standing.has(folder)) standing.set(folder, true)
    }
    if (!standing.has(path)) standing.set(path, false)
  }
  return { stands: (path) => standing.get(path) === true, everStood: (path) => ever.has(path) }
}

export interface AsideSituation {
  readonly dialect: Dialect
  readonly folders: OldFolders
  readonly isResync: boolean
  /** `other`: the first way failed; folders are moved just where they were not before. */
  readonly way: 'first' | 'other'
  readonly bundleId: string
}

/**
 * Which folders are moved out of the way of files: those that are known to stand there. In a resync that is not known;
 * where failures are told it is then tried without, and where they are not, whatever stands there is removed.
 */
export function foldersAside(operations: readonly Operation[], situation: AsideSituation): Aside[] {
  const { dialect, folders, isResync, way, bundleId } = situation
  if (dialect.emptyFolders !== 'can be moved aside') return []
  const isFirst = way === 'first'
  const isMoved = (path: string): boolean => {
    if (!folders.everStood(path)) return false
    return (isResync ? dialect.proof !== 'answer' : folders.stands(path)) === isFirst
  }
  const blocked = operations.filter(({ kind, path }) => kind !== 'deleted' && isMoved(path))
  const mayBeFile = isResync && isFirst
  return blocked.map(({ path: source }, index) => ({ source, path: `.ce-delta-aside/${bundleId}-${index}`, mayBeFile }))
}

/** Whether an operation that failed can be tried in the other way. */
export function hasOtherWay({ kind, path }: Operation, { dialect, folders }: AsideSituation): boolean {
  return kind !== 'deleted' && dialect.emptyFolders === 'can be moved aside' && folders.everStood(path)
}
