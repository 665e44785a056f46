import type { TreeChange } from '../../delta/change.js'
import type { Operation } from '../../delta/operation.js'
import { orderOperations } from '../../delta/order.js'
import type { Dialect } from './dialect.js'

/** A change that does not reach a receiver, and why; for people. */
export interface LeftBehind {
  readonly path: string
  readonly why: string
}

/** What is known of the place that the operations go to. */
export interface Place {
  /** Names that the server gives to the folder of this workspace, and takes away from the front of a path. */
  readonly ownNames: ReadonlySet<string>
  /** Whether an empty folder is known to stand at a path. */
  readonly hasFolder: (path: string) => boolean
}

export interface Carried {
  readonly operations: readonly Operation[]
  readonly leftBehind: readonly LeftBehind[]
}

/** Where the server keeps its own data, beside the files (protocol.md §4, §8). */
const RESERVED: ReadonlySet<string> = new Set(['.codebase', '.remote-git', '.context-engine'])

/** What servers look for in the names of members, wherever it stands in them (protocol.md §2, 3 and 4). */
const TRAP = /files\/(created|updated|moved)\//

/**
 * The operations of a delta as a dialect can carry them, in an order that is right for it, and what it cannot carry at
 * all. Moves stay moves only where they are safe; a file that could be taken for another is `created`, because that is
 * looked for first (protocol.md §2, §4, §8). The effect on the files is the same, apart from what is left behind.
 */
export function carry(operations: readonly Operation[], dialect: Dialect, place: Place): Carried {
  const leftBehind: LeftBehind[] = []
  const carried = operations.flatMap((operation) => {
    const why = obstacle(operation.path, operation.kind, dialect, place)
    if (why === null) return rewritten(operation, dialect)
    if (operation.kind !== 'deleted') leftBehind.push({ path: operation.path, why })
    return operation.kind === 'moved' ? [{ kind: 'deleted', path: operation.source } as const] : []
  })
  return { operations: orderedAgain(carried), leftBehind }
}

function obstacle(path: string, kind: Operation['kind'], dialect: Dialect, place: Place): string | null {
  const [first = ''] = path.split('/', 1)
  if (RESERVED.has(first)) return `this server keeps its own data in ${first}`
  if (place.ownNames.has(first)) return `this server takes ${first} for its own folder`
  if (path.split('/').some((name) => Buffer.byteLength(name) > dialect.longestName)) {
    return `this server has room for ${dialect.longestName} bytes in a name`
  }
  const isBlocked = dialect.emptyFolders === 'stay' && kind !== 'deleted' && place.hasFolder(path)
  return isBlocked ? 'a folder stood there, and this server never removes one' : null
}

function rewritten(operation: Operation, dialect: Dialect): Operation[] {
  if (operation.kind === 'moved' && (dialect.moves === 'never' || isTrap(operation.path, dialect))) {
    const { path, source, blob } = operation
    return [
      { kind: 'deleted', path: source },
      { kind: 'created', path, blob },
    ]
  }
  if (operation.kind === 'updated' && isTrap(operation.path, dialect)) return [{ ...operation, kind: 'created' }]
  return [operation]
}

function isTrap(path: string, dialect: Dialect): boolean {
  return TRAP.test(path) || (dialect.hidesMetadataNames && isMetadataName(path))
}

/** Whether a file could be taken for the metadata of a bundle. */
export function isMetadataName(path: string): boolean {
  return /metadata\/(operations|hashes|git_history)\.json$/.test(`/${path}`)
}

/** The order of `orderOperations` again: what was rewritten has to find its place in it. */
function orderedAgain(operations: readonly Operation[]): Operation[] {
  return orderOperations(operations.map(changeOf))
}

function changeOf(operation: Operation): TreeChange {
  switch (operation.kind) {
    case 'created':
    case 'updated':
      return operation
    case 'deleted':
      return { ...operation, kind: 'removed' }
    case 'moved':
      return { ...operation, kind: 'renamed' }
  }
}
